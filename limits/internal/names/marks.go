package names

// A Family is a range of editions, the zero family none.
type Family struct{ First, Last Edition }

func (f Family) Contains(e Edition) bool { return f.First <= e && e <= f.Last }

// Editions returns the editions of the family.
func (f Family) Editions() (list []Edition) {
	for e := f.First; e <= f.Last && e.Valid(); e++ {
		list = append(list, e)
	}
	return list
}

// overlaps is false if either is none.
func (f Family) overlaps(g Family) bool {
	return f.First <= g.Last && g.First <= f.Last && f.Last != UnknownEdition
}

// Marks is a set of things that a name can say of an edition.
type Marks uint64

const (
	// These make up the names of the editions.
	MarkProfessional Marks = 1 << iota
	MarkHome
	MarkBasic
	MarkPremium
	MarkStarter
	MarkBusiness
	MarkEnterprise
	MarkUltimate
	MarkServer
	MarkAdvanced
	MarkDatacenter
	MarkWorkstation
	MarkWeb
	MarkStandard
	MarkFoundation
	MarkEssentials
	MarkEducation
	MarkIoT
	MarkCore
	MarkRT
	MarkMediaCenter
	MarkTablet
	MarkMultiSession
	MarkAzure
	Mark64 // only XP Professional x64 has it in its name; elsewhere it is the processor

	// These narrow a choice down.
	Mark32
	MarkItanium
	MarkProVariant    // for Workstations, Education: Pro in other wrapping
	MarkHomeVariant   // Single Language, with Bing, China: Core or Home in other wrapping
	MarkLongTerm      // LTSB and LTSC, servicing channels of Enterprise
	MarkSecondEdition // of Windows 98
	MarkServerVariant // how a server was installed
	MarkNT
	MarkSmallBusiness
	MarkTerminal // Terminal Server, an edition of NT 4.0
	MarkS        // the letter, as in "10 S"
	MarkWindows  // the word, or the win of "winxp"

	MarksOfEditions = Mark64<<1 - 1
)

// fullName returns the marks that together are the name of an edition within
// its product.
func (e Edition) Marks() Marks {
	switch e.Name() {
	case "Workstation":
		return MarkWorkstation
	case "Server":
		return MarkServer
	case "Advanced Server":
		return MarkAdvanced | MarkServer
	case "Datacenter Server":
		return MarkDatacenter | MarkServer
	case "Professional", "Pro":
		return MarkProfessional
	case "Professional x64":
		return MarkProfessional | Mark64
	case "Media Center":
		return MarkMediaCenter
	case "Tablet PC":
		return MarkTablet
	case "Starter":
		return MarkStarter
	case "Home":
		return MarkHome
	case "Home Basic":
		return MarkHome | MarkBasic
	case "Home Premium":
		return MarkHome | MarkPremium
	case "Business":
		return MarkBusiness
	case "Enterprise":
		return MarkEnterprise
	case "Ultimate":
		return MarkUltimate
	case "Web":
		return MarkWeb
	case "Standard":
		return MarkStandard
	case "Datacenter":
		return MarkDatacenter
	case "Premium":
		return MarkPremium
	case "Foundation":
		return MarkFoundation
	case "Essentials":
		return MarkEssentials
	case "Education":
		return MarkEducation
	case "RT":
		return MarkRT
	case "IoT Core":
		return MarkIoT | MarkCore
	case "IoT Enterprise":
		return MarkIoT | MarkEnterprise
	case "Enterprise multi-session":
		return MarkEnterprise | MarkMultiSession
	case "Datacenter Azure Edition":
		return MarkDatacenter | MarkAzure
	}
	return 0 // Core
}
