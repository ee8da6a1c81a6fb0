package identify

import (
	"strings"

	"github.com/winlimits/winlimits/limits/internal/names"
)

// editionIDs says which SKU an EditionID of the registry and of DISM is, in
// lower case. Variants that the table has no own rows for are with the SKU of the
// edition whose limits they have.
var editionIDs = [...]struct {
	id string
	as SKU
}{
	{"starter", SKUStarter}, {"startern", SKUStarterN},
	{"homebasic", SKUHomeBasic}, {"homebasicn", SKUHomeBasicN}, {"homepremium", SKUHomePremium}, {"homepremiumn", SKUHomePremiumN},
	{"business", SKUBusiness}, {"businessn", SKUBusinessN}, {"ultimate", SKUUltimate}, {"ultimaten", SKUUltimateN},
	{"core", SKUCore}, {"coren", SKUCoreN}, {"coresinglelanguage", SKUCoreSingleLanguage}, {"corecountryspecific", SKUCoreCountrySpecific},
	{"coreconnected", SKUCore}, {"coreconnectedn", SKUCoreN}, {"coreconnectedsinglelanguage", SKUCoreSingleLanguage}, {"coreconnectedcountryspecific", SKUCoreCountrySpecific},
	{"corearm", SKUCoreARM},
	{"professional", SKUProfessional}, {"professionaln", SKUProfessionalN}, {"professionalwmc", SKUProfessionalWMC},
	{"professionalsinglelanguage", SKUProWorkstation}, {"professionalcountryspecific", SKUProWorkstation},
	{"professionaleducation", SKUProForEducation}, {"professionaleducationn", SKUProForEducation},
	{"professionalworkstation", SKUProWorkstation}, {"professionalworkstationn", SKUProWorkstationN},
	{"enterprise", SKUEnterprise}, {"enterprisen", SKUEnterpriseN}, {"enterpriseeval", SKUEnterpriseEvaluation}, {"enterpriseneval", SKUEnterpriseNEvaluation},
	{"enterprises", SKUEnterpriseS}, {"enterprisesn", SKUEnterpriseSN}, {"enterpriseseval", SKUEnterpriseSEvaluation}, {"enterprisesneval", SKUEnterpriseSNEvaluation},
	{"enterprisesubscription", SKUEnterprise}, {"enterprisesubscriptionn", SKUEnterpriseN},
	{"education", SKUEducation}, {"educationn", SKUEducationN},
	{"serverrdsh", SKUServerRDSH},
	{"iotenterprise", SKUIoTEnterprise}, {"iotenterprisek", SKUIoTEnterprise}, {"iotenterprises", SKUIoTEnterpriseS}, {"iotenterprisesk", SKUIoTEnterpriseS}, {"iotuap", SKUIoTUAP},
	{"cloud", SKUCloudEdition}, {"cloudn", SKUCloudEdition}, {"cloudedition", SKUCloudEdition}, {"cloudeditionn", SKUCloudEdition}, {"ppipro", SKUPPIPro},
	{"mobilecore", SKUMobileCore}, {"mobileenterprise", SKUMobileEnterprise},

	{"serverstandard", SKUStandardServer}, {"serverstandardcor", SKUStandardServerCore}, {"serverstandardcore", SKUStandardServerCore},
	{"serverstandardeval", SKUStandardEvaluationServer}, {"serverstandardevalcor", SKUStandardEvaluationServer}, {"serverstandardv", SKUStandardServerV},
	{"serverdatacenter", SKUDatacenterServer}, {"serverdatacentercor", SKUDatacenterServerCore}, {"serverdatacentercore", SKUDatacenterServerCore},
	{"serverdatacentereval", SKUDatacenterEvaluationServer}, {"serverdatacenterevalcor", SKUDatacenterEvaluationServer}, {"serverdatacenterv", SKUDatacenterServerV},
	{"serverstandardacor", SKUStandardAServerCore}, {"serverdatacenteracor", SKUDatacenterAServerCore},
	{"serverturbine", SKUDatacenterServerAzureEdition}, {"serverturbinecor", SKUDatacenterServerCoreAzureEdition},
	{"serverenterprise", SKUEnterpriseServer}, {"serverenterprisecore", SKUEnterpriseServerCore}, {"serverenterpriseia64", SKUEnterpriseServerIA64}, {"serverenterprisev", SKUEnterpriseServerV},
	{"serverweb", SKUWebServer}, {"serverwebcore", SKUWebServerCore}, {"serverwinfoundation", SKUServerFoundation},
	{"serverhypercore", SKUHyperV}, {"serverstoragestandard", SKUStorageStandardServer}, {"serverstorageworkgroup", SKUStorageWorkgroupServer},
	{"serverazurestackhcicor", SKUAzureStackHCIServerCore},
}

// serverSolution is the EditionID of Essentials, which has no SKU of its own.
const serverSolution = "serversolution"

// editionOf returns which editions an EditionID stands for, or nil.
func editionOf(id string) *skuRow {
	id = strings.ToLower(strings.TrimSpace(id))
	if id == serverSolution {
		return &skuRow{
			editions: []names.Edition{names.Server2012Essentials, names.Server2012R2Essentials},
			unlisted: family{names.Server2016Standard, names.Server2025DatacenterAzureEdition},
		}
	}
	for _, row := range editionIDs {
		if row.id == id {
			return lookupSKU(row.as)
		}
	}
	return nil
}
