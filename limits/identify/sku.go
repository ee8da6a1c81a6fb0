package identify

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/internal/names"
)

// SKU is the product type that Windows gives for itself since Vista, as the
// function GetProductInfo returns it and as WMI has it in
// Win32_OperatingSystem.OperatingSystemSKU. The zero SKU is SKUUndefined,
// PRODUCT_UNDEFINED: nothing is known.
type SKU uint32

// The product types of Microsoft's list (ms-getproductinfo), and a few that only
// the header of the Windows SDK has (ms-winnt): PRODUCT_CORE_ARM,
// PRODUCT_CLOUDEDITION, the Azure editions and PRODUCT_UNLICENSED.
const (
	SKUUndefined                        SKU = 0x00       // PRODUCT_UNDEFINED
	SKUUltimate                         SKU = 0x01       // PRODUCT_ULTIMATE
	SKUHomeBasic                        SKU = 0x02       // PRODUCT_HOME_BASIC
	SKUHomePremium                      SKU = 0x03       // PRODUCT_HOME_PREMIUM
	SKUEnterprise                       SKU = 0x04       // PRODUCT_ENTERPRISE
	SKUHomeBasicN                       SKU = 0x05       // PRODUCT_HOME_BASIC_N
	SKUBusiness                         SKU = 0x06       // PRODUCT_BUSINESS
	SKUStandardServer                   SKU = 0x07       // PRODUCT_STANDARD_SERVER
	SKUDatacenterServer                 SKU = 0x08       // PRODUCT_DATACENTER_SERVER
	SKUSmallBusinessServer              SKU = 0x09       // PRODUCT_SMALLBUSINESS_SERVER
	SKUEnterpriseServer                 SKU = 0x0A       // PRODUCT_ENTERPRISE_SERVER
	SKUStarter                          SKU = 0x0B       // PRODUCT_STARTER
	SKUDatacenterServerCore             SKU = 0x0C       // PRODUCT_DATACENTER_SERVER_CORE
	SKUStandardServerCore               SKU = 0x0D       // PRODUCT_STANDARD_SERVER_CORE
	SKUEnterpriseServerCore             SKU = 0x0E       // PRODUCT_ENTERPRISE_SERVER_CORE
	SKUEnterpriseServerIA64             SKU = 0x0F       // PRODUCT_ENTERPRISE_SERVER_IA64
	SKUBusinessN                        SKU = 0x10       // PRODUCT_BUSINESS_N
	SKUWebServer                        SKU = 0x11       // PRODUCT_WEB_SERVER
	SKUClusterServer                    SKU = 0x12       // PRODUCT_CLUSTER_SERVER
	SKUHomeServer                       SKU = 0x13       // PRODUCT_HOME_SERVER
	SKUStorageExpressServer             SKU = 0x14       // PRODUCT_STORAGE_EXPRESS_SERVER
	SKUStorageStandardServer            SKU = 0x15       // PRODUCT_STORAGE_STANDARD_SERVER
	SKUStorageWorkgroupServer           SKU = 0x16       // PRODUCT_STORAGE_WORKGROUP_SERVER
	SKUStorageEnterpriseServer          SKU = 0x17       // PRODUCT_STORAGE_ENTERPRISE_SERVER
	SKUServerForSmallBusiness           SKU = 0x18       // PRODUCT_SERVER_FOR_SMALLBUSINESS
	SKUSmallBusinessServerPremium       SKU = 0x19       // PRODUCT_SMALLBUSINESS_SERVER_PREMIUM
	SKUHomePremiumN                     SKU = 0x1A       // PRODUCT_HOME_PREMIUM_N
	SKUEnterpriseN                      SKU = 0x1B       // PRODUCT_ENTERPRISE_N
	SKUUltimateN                        SKU = 0x1C       // PRODUCT_ULTIMATE_N
	SKUWebServerCore                    SKU = 0x1D       // PRODUCT_WEB_SERVER_CORE
	SKUMediumBusinessServerManagement   SKU = 0x1E       // PRODUCT_MEDIUMBUSINESS_SERVER_MANAGEMENT
	SKUMediumBusinessServerSecurity     SKU = 0x1F       // PRODUCT_MEDIUMBUSINESS_SERVER_SECURITY
	SKUMediumBusinessServerMessaging    SKU = 0x20       // PRODUCT_MEDIUMBUSINESS_SERVER_MESSAGING
	SKUServerFoundation                 SKU = 0x21       // PRODUCT_SERVER_FOUNDATION
	SKUHomePremiumServer                SKU = 0x22       // PRODUCT_HOME_PREMIUM_SERVER
	SKUServerForSmallBusinessV          SKU = 0x23       // PRODUCT_SERVER_FOR_SMALLBUSINESS_V
	SKUStandardServerV                  SKU = 0x24       // PRODUCT_STANDARD_SERVER_V
	SKUDatacenterServerV                SKU = 0x25       // PRODUCT_DATACENTER_SERVER_V
	SKUEnterpriseServerV                SKU = 0x26       // PRODUCT_ENTERPRISE_SERVER_V
	SKUDatacenterServerCoreV            SKU = 0x27       // PRODUCT_DATACENTER_SERVER_CORE_V
	SKUStandardServerCoreV              SKU = 0x28       // PRODUCT_STANDARD_SERVER_CORE_V
	SKUEnterpriseServerCoreV            SKU = 0x29       // PRODUCT_ENTERPRISE_SERVER_CORE_V
	SKUHyperV                           SKU = 0x2A       // PRODUCT_HYPERV
	SKUStorageExpressServerCore         SKU = 0x2B       // PRODUCT_STORAGE_EXPRESS_SERVER_CORE
	SKUStorageStandardServerCore        SKU = 0x2C       // PRODUCT_STORAGE_STANDARD_SERVER_CORE
	SKUStorageWorkgroupServerCore       SKU = 0x2D       // PRODUCT_STORAGE_WORKGROUP_SERVER_CORE
	SKUStorageEnterpriseServerCore      SKU = 0x2E       // PRODUCT_STORAGE_ENTERPRISE_SERVER_CORE
	SKUStarterN                         SKU = 0x2F       // PRODUCT_STARTER_N
	SKUProfessional                     SKU = 0x30       // PRODUCT_PROFESSIONAL
	SKUProfessionalN                    SKU = 0x31       // PRODUCT_PROFESSIONAL_N
	SKUSBSolutionServer                 SKU = 0x32       // PRODUCT_SB_SOLUTION_SERVER
	SKUServerForSBSolutions             SKU = 0x33       // PRODUCT_SERVER_FOR_SB_SOLUTIONS
	SKUStandardServerSolutions          SKU = 0x34       // PRODUCT_STANDARD_SERVER_SOLUTIONS
	SKUStandardServerSolutionsCore      SKU = 0x35       // PRODUCT_STANDARD_SERVER_SOLUTIONS_CORE
	SKUSBSolutionServerEM               SKU = 0x36       // PRODUCT_SB_SOLUTION_SERVER_EM
	SKUServerForSBSolutionsEM           SKU = 0x37       // PRODUCT_SERVER_FOR_SB_SOLUTIONS_EM
	SKUSolutionEmbeddedServer           SKU = 0x38       // PRODUCT_SOLUTION_EMBEDDEDSERVER
	SKUEssentialBusinessServerMgmt      SKU = 0x3B       // PRODUCT_ESSENTIALBUSINESS_SERVER_MGMT
	SKUEssentialBusinessServerAddl      SKU = 0x3C       // PRODUCT_ESSENTIALBUSINESS_SERVER_ADDL
	SKUEssentialBusinessServerMgmtSvc   SKU = 0x3D       // PRODUCT_ESSENTIALBUSINESS_SERVER_MGMTSVC
	SKUEssentialBusinessServerAddlSvc   SKU = 0x3E       // PRODUCT_ESSENTIALBUSINESS_SERVER_ADDLSVC
	SKUSmallBusinessServerPremiumCore   SKU = 0x3F       // PRODUCT_SMALLBUSINESS_SERVER_PREMIUM_CORE
	SKUClusterServerV                   SKU = 0x40       // PRODUCT_CLUSTER_SERVER_V
	SKUStarterE                         SKU = 0x42       // PRODUCT_STARTER_E
	SKUHomeBasicE                       SKU = 0x43       // PRODUCT_HOME_BASIC_E
	SKUHomePremiumE                     SKU = 0x44       // PRODUCT_HOME_PREMIUM_E
	SKUProfessionalE                    SKU = 0x45       // PRODUCT_PROFESSIONAL_E
	SKUEnterpriseE                      SKU = 0x46       // PRODUCT_ENTERPRISE_E
	SKUUltimateE                        SKU = 0x47       // PRODUCT_ULTIMATE_E
	SKUEnterpriseEvaluation             SKU = 0x48       // PRODUCT_ENTERPRISE_EVALUATION
	SKUMultiPointStandardServer         SKU = 0x4C       // PRODUCT_MULTIPOINT_STANDARD_SERVER
	SKUMultiPointPremiumServer          SKU = 0x4D       // PRODUCT_MULTIPOINT_PREMIUM_SERVER
	SKUStandardEvaluationServer         SKU = 0x4F       // PRODUCT_STANDARD_EVALUATION_SERVER
	SKUDatacenterEvaluationServer       SKU = 0x50       // PRODUCT_DATACENTER_EVALUATION_SERVER
	SKUEnterpriseNEvaluation            SKU = 0x54       // PRODUCT_ENTERPRISE_N_EVALUATION
	SKUStorageWorkgroupEvaluationServer SKU = 0x5F       // PRODUCT_STORAGE_WORKGROUP_EVALUATION_SERVER
	SKUStorageStandardEvaluationServer  SKU = 0x60       // PRODUCT_STORAGE_STANDARD_EVALUATION_SERVER
	SKUCoreARM                          SKU = 0x61       // PRODUCT_CORE_ARM
	SKUCoreN                            SKU = 0x62       // PRODUCT_CORE_N
	SKUCoreCountrySpecific              SKU = 0x63       // PRODUCT_CORE_COUNTRYSPECIFIC
	SKUCoreSingleLanguage               SKU = 0x64       // PRODUCT_CORE_SINGLELANGUAGE
	SKUCore                             SKU = 0x65       // PRODUCT_CORE
	SKUProfessionalWMC                  SKU = 0x67       // PRODUCT_PROFESSIONAL_WMC
	SKUMobileCore                       SKU = 0x68       // PRODUCT_MOBILE_CORE
	SKUPPIPro                           SKU = 0x77       // PRODUCT_PPI_PRO
	SKUEducation                        SKU = 0x79       // PRODUCT_EDUCATION
	SKUEducationN                       SKU = 0x7A       // PRODUCT_EDUCATION_N
	SKUIoTUAP                           SKU = 0x7B       // PRODUCT_IOTUAP
	SKUEnterpriseS                      SKU = 0x7D       // PRODUCT_ENTERPRISE_S
	SKUEnterpriseSN                     SKU = 0x7E       // PRODUCT_ENTERPRISE_S_N
	SKUEnterpriseSEvaluation            SKU = 0x81       // PRODUCT_ENTERPRISE_S_EVALUATION
	SKUEnterpriseSNEvaluation           SKU = 0x82       // PRODUCT_ENTERPRISE_S_N_EVALUATION
	SKUIoTUAPCommercial                 SKU = 0x83       // PRODUCT_IOTUAPCOMMERCIAL
	SKUMobileEnterprise                 SKU = 0x85       // PRODUCT_MOBILE_ENTERPRISE
	SKUDatacenterAServerCore            SKU = 0x91       // PRODUCT_DATACENTER_A_SERVER_CORE
	SKUStandardAServerCore              SKU = 0x92       // PRODUCT_STANDARD_A_SERVER_CORE
	SKUProWorkstation                   SKU = 0xA1       // PRODUCT_PRO_WORKSTATION
	SKUProWorkstationN                  SKU = 0xA2       // PRODUCT_PRO_WORKSTATION_N
	SKUProForEducation                  SKU = 0xA4       // PRODUCT_PRO_FOR_EDUCATION
	SKUServerRDSH                       SKU = 0xAF       // PRODUCT_SERVERRDSH
	SKUIoTEnterprise                    SKU = 0xBC       // PRODUCT_IOTENTERPRISE
	SKUIoTEnterpriseS                   SKU = 0xBF       // PRODUCT_IOTENTERPRISE_S
	SKUCloudEdition                     SKU = 0xCB       // PRODUCT_CLOUDEDITION
	SKUAzureStackHCIServerCore          SKU = 0x196      // PRODUCT_AZURESTACKHCI_SERVER_CORE
	SKUDatacenterServerAzureEdition     SKU = 0x197      // PRODUCT_DATACENTER_SERVER_AZURE_EDITION
	SKUDatacenterServerCoreAzureEdition SKU = 0x198      // PRODUCT_DATACENTER_SERVER_CORE_AZURE_EDITION
	SKUUnlicensed                       SKU = 0xABCDABCD // PRODUCT_UNLICENSED
)

// A skuRow says which editions a SKU stands for.
type skuRow struct {
	sku      SKU
	name     string
	editions []names.Edition
	// unlisted are the products that have the edition too, or alone, but whose
	// rows the table lacks.
	unlisted family
}

// family is a names.Family that the table below can write without field names.
type family names.Family

func (f family) contains(e names.Edition) bool { return names.Family(f).Contains(e) }

// skus is every SKU, sorted. One with neither editions nor unlisted products
// says nothing: it was never used, or stands for a licence that ran out.
// N, evaluation and core installations, LTSB and LTSC have the limits of the
// edition that they are variants of.
var skus = [...]skuRow{
	{SKUUndefined, "PRODUCT_UNDEFINED", nil, family{}},
	{SKUUltimate, "PRODUCT_ULTIMATE", []names.Edition{names.VistaUltimate, names.Windows7Ultimate}, family{}},
	{SKUHomeBasic, "PRODUCT_HOME_BASIC", []names.Edition{names.VistaHomeBasic, names.Windows7HomeBasic}, family{}},
	{SKUHomePremium, "PRODUCT_HOME_PREMIUM", []names.Edition{names.VistaHomePremium, names.Windows7HomePremium}, family{}},
	{SKUEnterprise, "PRODUCT_ENTERPRISE", []names.Edition{names.VistaEnterprise, names.Windows7Enterprise, names.Windows8Enterprise, names.Windows81Enterprise, names.Windows10Enterprise, names.Windows11Enterprise}, family{}},
	{SKUHomeBasicN, "PRODUCT_HOME_BASIC_N", []names.Edition{names.VistaHomeBasic, names.Windows7HomeBasic}, family{}},
	{SKUBusiness, "PRODUCT_BUSINESS", []names.Edition{names.VistaBusiness}, family{}},
	{SKUStandardServer, "PRODUCT_STANDARD_SERVER", []names.Edition{names.Server2008Standard, names.Server2008R2Standard, names.Server2012Standard, names.Server2012R2Standard, names.Server2016Standard, names.Server2019Standard, names.Server2022Standard, names.Server2025Standard}, family{}},
	{SKUDatacenterServer, "PRODUCT_DATACENTER_SERVER", []names.Edition{names.Server2008Datacenter, names.Server2008R2Datacenter, names.Server2012Datacenter, names.Server2012R2Datacenter, names.Server2016Datacenter, names.Server2019Datacenter, names.Server2022Datacenter, names.Server2025Datacenter}, family{}},
	{SKUSmallBusinessServer, "PRODUCT_SMALLBUSINESS_SERVER", nil, family{names.Server2008Web, names.Server2008R2Datacenter}},
	{SKUEnterpriseServer, "PRODUCT_ENTERPRISE_SERVER", []names.Edition{names.Server2008Enterprise, names.Server2008R2Enterprise}, family{}},
	{SKUStarter, "PRODUCT_STARTER", []names.Edition{names.VistaStarter, names.Windows7Starter}, family{}},
	{SKUDatacenterServerCore, "PRODUCT_DATACENTER_SERVER_CORE", []names.Edition{names.Server2008Datacenter, names.Server2008R2Datacenter, names.Server2012Datacenter, names.Server2012R2Datacenter, names.Server2016Datacenter, names.Server2019Datacenter, names.Server2022Datacenter, names.Server2025Datacenter}, family{}},
	{SKUStandardServerCore, "PRODUCT_STANDARD_SERVER_CORE", []names.Edition{names.Server2008Standard, names.Server2008R2Standard, names.Server2012Standard, names.Server2012R2Standard, names.Server2016Standard, names.Server2019Standard, names.Server2022Standard, names.Server2025Standard}, family{}},
	{SKUEnterpriseServerCore, "PRODUCT_ENTERPRISE_SERVER_CORE", []names.Edition{names.Server2008Enterprise, names.Server2008R2Enterprise}, family{}},
	{SKUEnterpriseServerIA64, "PRODUCT_ENTERPRISE_SERVER_IA64", nil, family{names.Server2008Web, names.Server2008R2Datacenter}},
	{SKUBusinessN, "PRODUCT_BUSINESS_N", []names.Edition{names.VistaBusiness}, family{}},
	{SKUWebServer, "PRODUCT_WEB_SERVER", []names.Edition{names.Server2008Web}, family{names.Server2008R2Foundation, names.Server2008R2Datacenter}},
	{SKUClusterServer, "PRODUCT_CLUSTER_SERVER", nil, family{names.Server2008Web, names.Server2025DatacenterAzureEdition}},
	{SKUHomeServer, "PRODUCT_HOME_SERVER", nil, family{names.Server2008Web, names.Server2008R2Datacenter}},
	{SKUStorageExpressServer, "PRODUCT_STORAGE_EXPRESS_SERVER", nil, family{names.Server2008Web, names.Server2025DatacenterAzureEdition}},
	{SKUStorageStandardServer, "PRODUCT_STORAGE_STANDARD_SERVER", nil, family{names.Server2008Web, names.Server2025DatacenterAzureEdition}},
	{SKUStorageWorkgroupServer, "PRODUCT_STORAGE_WORKGROUP_SERVER", nil, family{names.Server2008Web, names.Server2025DatacenterAzureEdition}},
	{SKUStorageEnterpriseServer, "PRODUCT_STORAGE_ENTERPRISE_SERVER", nil, family{names.Server2008Web, names.Server2025DatacenterAzureEdition}},
	{SKUServerForSmallBusiness, "PRODUCT_SERVER_FOR_SMALLBUSINESS", nil, family{names.Server2008Web, names.Server2008R2Datacenter}},
	{SKUSmallBusinessServerPremium, "PRODUCT_SMALLBUSINESS_SERVER_PREMIUM", nil, family{names.Server2008Web, names.Server2008R2Datacenter}},
	{SKUHomePremiumN, "PRODUCT_HOME_PREMIUM_N", []names.Edition{names.VistaHomePremium, names.Windows7HomePremium}, family{}},
	{SKUEnterpriseN, "PRODUCT_ENTERPRISE_N", []names.Edition{names.VistaEnterprise, names.Windows7Enterprise, names.Windows8Enterprise, names.Windows81Enterprise, names.Windows10Enterprise, names.Windows11Enterprise}, family{}},
	{SKUUltimateN, "PRODUCT_ULTIMATE_N", []names.Edition{names.VistaUltimate, names.Windows7Ultimate}, family{}},
	{SKUWebServerCore, "PRODUCT_WEB_SERVER_CORE", []names.Edition{names.Server2008Web}, family{names.Server2008R2Foundation, names.Server2008R2Datacenter}},
	{SKUMediumBusinessServerManagement, "PRODUCT_MEDIUMBUSINESS_SERVER_MANAGEMENT", nil, family{names.Server2008Web, names.Server2008R2Datacenter}},
	{SKUMediumBusinessServerSecurity, "PRODUCT_MEDIUMBUSINESS_SERVER_SECURITY", nil, family{names.Server2008Web, names.Server2008R2Datacenter}},
	{SKUMediumBusinessServerMessaging, "PRODUCT_MEDIUMBUSINESS_SERVER_MESSAGING", nil, family{names.Server2008Web, names.Server2008R2Datacenter}},
	{SKUServerFoundation, "PRODUCT_SERVER_FOUNDATION", []names.Edition{names.Server2008R2Foundation, names.Server2012Foundation, names.Server2012R2Foundation}, family{names.Server2008Web, names.Server2008Datacenter}},
	{SKUHomePremiumServer, "PRODUCT_HOME_PREMIUM_SERVER", nil, family{names.Server2008Web, names.Server2008R2Datacenter}},
	{SKUServerForSmallBusinessV, "PRODUCT_SERVER_FOR_SMALLBUSINESS_V", nil, family{names.Server2008Web, names.Server2008R2Datacenter}},
	{SKUStandardServerV, "PRODUCT_STANDARD_SERVER_V", []names.Edition{names.Server2008Standard, names.Server2008R2Standard, names.Server2012Standard, names.Server2012R2Standard, names.Server2016Standard, names.Server2019Standard, names.Server2022Standard, names.Server2025Standard}, family{}},
	{SKUDatacenterServerV, "PRODUCT_DATACENTER_SERVER_V", []names.Edition{names.Server2008Datacenter, names.Server2008R2Datacenter, names.Server2012Datacenter, names.Server2012R2Datacenter, names.Server2016Datacenter, names.Server2019Datacenter, names.Server2022Datacenter, names.Server2025Datacenter}, family{}},
	{SKUEnterpriseServerV, "PRODUCT_ENTERPRISE_SERVER_V", []names.Edition{names.Server2008Enterprise, names.Server2008R2Enterprise}, family{}},
	{SKUDatacenterServerCoreV, "PRODUCT_DATACENTER_SERVER_CORE_V", []names.Edition{names.Server2008Datacenter, names.Server2008R2Datacenter, names.Server2012Datacenter, names.Server2012R2Datacenter, names.Server2016Datacenter, names.Server2019Datacenter, names.Server2022Datacenter, names.Server2025Datacenter}, family{}},
	{SKUStandardServerCoreV, "PRODUCT_STANDARD_SERVER_CORE_V", []names.Edition{names.Server2008Standard, names.Server2008R2Standard, names.Server2012Standard, names.Server2012R2Standard, names.Server2016Standard, names.Server2019Standard, names.Server2022Standard, names.Server2025Standard}, family{}},
	{SKUEnterpriseServerCoreV, "PRODUCT_ENTERPRISE_SERVER_CORE_V", []names.Edition{names.Server2008Enterprise, names.Server2008R2Enterprise}, family{}},
	{SKUHyperV, "PRODUCT_HYPERV", nil, family{names.Server2008Web, names.Server2025DatacenterAzureEdition}},
	{SKUStorageExpressServerCore, "PRODUCT_STORAGE_EXPRESS_SERVER_CORE", nil, family{names.Server2008Web, names.Server2025DatacenterAzureEdition}},
	{SKUStorageStandardServerCore, "PRODUCT_STORAGE_STANDARD_SERVER_CORE", nil, family{names.Server2008Web, names.Server2025DatacenterAzureEdition}},
	{SKUStorageWorkgroupServerCore, "PRODUCT_STORAGE_WORKGROUP_SERVER_CORE", nil, family{names.Server2008Web, names.Server2025DatacenterAzureEdition}},
	{SKUStorageEnterpriseServerCore, "PRODUCT_STORAGE_ENTERPRISE_SERVER_CORE", nil, family{names.Server2008Web, names.Server2025DatacenterAzureEdition}},
	{SKUStarterN, "PRODUCT_STARTER_N", []names.Edition{names.VistaStarter, names.Windows7Starter}, family{}},
	{SKUProfessional, "PRODUCT_PROFESSIONAL", []names.Edition{names.Windows7Professional, names.Windows8Pro, names.Windows81Pro, names.Windows10Pro, names.Windows11Pro}, family{}},
	{SKUProfessionalN, "PRODUCT_PROFESSIONAL_N", []names.Edition{names.Windows7Professional, names.Windows8Pro, names.Windows81Pro, names.Windows10Pro, names.Windows11Pro}, family{}},
	{SKUSBSolutionServer, "PRODUCT_SB_SOLUTION_SERVER", nil, family{names.Server2008Web, names.Server2008R2Datacenter}},
	{SKUServerForSBSolutions, "PRODUCT_SERVER_FOR_SB_SOLUTIONS", nil, family{names.Server2008Web, names.Server2008R2Datacenter}},
	{SKUStandardServerSolutions, "PRODUCT_STANDARD_SERVER_SOLUTIONS", nil, family{names.Server2008Web, names.Server2008R2Datacenter}},
	{SKUStandardServerSolutionsCore, "PRODUCT_STANDARD_SERVER_SOLUTIONS_CORE", nil, family{names.Server2008Web, names.Server2008R2Datacenter}},
	{SKUSBSolutionServerEM, "PRODUCT_SB_SOLUTION_SERVER_EM", nil, family{names.Server2008Web, names.Server2008R2Datacenter}},
	{SKUServerForSBSolutionsEM, "PRODUCT_SERVER_FOR_SB_SOLUTIONS_EM", nil, family{names.Server2008Web, names.Server2008R2Datacenter}},
	{SKUSolutionEmbeddedServer, "PRODUCT_SOLUTION_EMBEDDEDSERVER", nil, family{names.Server2008Web, names.Server2008R2Datacenter}},
	{SKUEssentialBusinessServerMgmt, "PRODUCT_ESSENTIALBUSINESS_SERVER_MGMT", nil, family{names.Server2008Web, names.Server2008R2Datacenter}},
	{SKUEssentialBusinessServerAddl, "PRODUCT_ESSENTIALBUSINESS_SERVER_ADDL", nil, family{names.Server2008Web, names.Server2008R2Datacenter}},
	{SKUEssentialBusinessServerMgmtSvc, "PRODUCT_ESSENTIALBUSINESS_SERVER_MGMTSVC", nil, family{names.Server2008Web, names.Server2008R2Datacenter}},
	{SKUEssentialBusinessServerAddlSvc, "PRODUCT_ESSENTIALBUSINESS_SERVER_ADDLSVC", nil, family{names.Server2008Web, names.Server2008R2Datacenter}},
	{SKUSmallBusinessServerPremiumCore, "PRODUCT_SMALLBUSINESS_SERVER_PREMIUM_CORE", nil, family{names.Server2008Web, names.Server2008R2Datacenter}},
	{SKUClusterServerV, "PRODUCT_CLUSTER_SERVER_V", nil, family{names.Server2008Web, names.Server2025DatacenterAzureEdition}},
	{SKUStarterE, "PRODUCT_STARTER_E", nil, family{}},
	{SKUHomeBasicE, "PRODUCT_HOME_BASIC_E", nil, family{}},
	{SKUHomePremiumE, "PRODUCT_HOME_PREMIUM_E", nil, family{}},
	{SKUProfessionalE, "PRODUCT_PROFESSIONAL_E", nil, family{}},
	{SKUEnterpriseE, "PRODUCT_ENTERPRISE_E", nil, family{}},
	{SKUUltimateE, "PRODUCT_ULTIMATE_E", nil, family{}},
	{SKUEnterpriseEvaluation, "PRODUCT_ENTERPRISE_EVALUATION", []names.Edition{names.VistaEnterprise, names.Windows7Enterprise, names.Windows8Enterprise, names.Windows81Enterprise, names.Windows10Enterprise, names.Windows11Enterprise}, family{}},
	{SKUMultiPointStandardServer, "PRODUCT_MULTIPOINT_STANDARD_SERVER", nil, family{names.Server2008Web, names.Server2025DatacenterAzureEdition}},
	{SKUMultiPointPremiumServer, "PRODUCT_MULTIPOINT_PREMIUM_SERVER", nil, family{names.Server2008Web, names.Server2025DatacenterAzureEdition}},
	{SKUStandardEvaluationServer, "PRODUCT_STANDARD_EVALUATION_SERVER", []names.Edition{names.Server2008Standard, names.Server2008R2Standard, names.Server2012Standard, names.Server2012R2Standard, names.Server2016Standard, names.Server2019Standard, names.Server2022Standard, names.Server2025Standard}, family{}},
	{SKUDatacenterEvaluationServer, "PRODUCT_DATACENTER_EVALUATION_SERVER", []names.Edition{names.Server2008Datacenter, names.Server2008R2Datacenter, names.Server2012Datacenter, names.Server2012R2Datacenter, names.Server2016Datacenter, names.Server2019Datacenter, names.Server2022Datacenter, names.Server2025Datacenter}, family{}},
	{SKUEnterpriseNEvaluation, "PRODUCT_ENTERPRISE_N_EVALUATION", []names.Edition{names.VistaEnterprise, names.Windows7Enterprise, names.Windows8Enterprise, names.Windows81Enterprise, names.Windows10Enterprise, names.Windows11Enterprise}, family{}},
	{SKUStorageWorkgroupEvaluationServer, "PRODUCT_STORAGE_WORKGROUP_EVALUATION_SERVER", nil, family{names.Server2008Web, names.Server2025DatacenterAzureEdition}},
	{SKUStorageStandardEvaluationServer, "PRODUCT_STORAGE_STANDARD_EVALUATION_SERVER", nil, family{names.Server2008Web, names.Server2025DatacenterAzureEdition}},
	{SKUCoreARM, "PRODUCT_CORE_ARM", []names.Edition{names.Windows8RT, names.Windows81RT}, family{}},
	{SKUCoreN, "PRODUCT_CORE_N", []names.Edition{names.Windows8, names.Windows81, names.Windows10Home, names.Windows11Home}, family{}},
	{SKUCoreCountrySpecific, "PRODUCT_CORE_COUNTRYSPECIFIC", []names.Edition{names.Windows8, names.Windows81, names.Windows10Home, names.Windows11Home}, family{}},
	{SKUCoreSingleLanguage, "PRODUCT_CORE_SINGLELANGUAGE", []names.Edition{names.Windows8, names.Windows81, names.Windows10Home, names.Windows11Home}, family{}},
	{SKUCore, "PRODUCT_CORE", []names.Edition{names.Windows8, names.Windows81, names.Windows10Home, names.Windows11Home}, family{}},
	{SKUProfessionalWMC, "PRODUCT_PROFESSIONAL_WMC", []names.Edition{names.Windows8Pro, names.Windows81Pro}, family{}},
	{SKUMobileCore, "PRODUCT_MOBILE_CORE", nil, family{names.Windows10Home, names.Windows11EnterpriseMultiSession}},
	{SKUPPIPro, "PRODUCT_PPI_PRO", nil, family{names.Windows10Home, names.Windows11EnterpriseMultiSession}},
	{SKUEducation, "PRODUCT_EDUCATION", []names.Edition{names.Windows10Education, names.Windows11Education}, family{}},
	{SKUEducationN, "PRODUCT_EDUCATION_N", []names.Edition{names.Windows10Education, names.Windows11Education}, family{}},
	{SKUIoTUAP, "PRODUCT_IOTUAP", []names.Edition{names.Windows10IoTCore}, family{}},
	{SKUEnterpriseS, "PRODUCT_ENTERPRISE_S", []names.Edition{names.Windows10Enterprise, names.Windows11Enterprise}, family{}},
	{SKUEnterpriseSN, "PRODUCT_ENTERPRISE_S_N", []names.Edition{names.Windows10Enterprise, names.Windows11Enterprise}, family{}},
	{SKUEnterpriseSEvaluation, "PRODUCT_ENTERPRISE_S_EVALUATION", []names.Edition{names.Windows10Enterprise, names.Windows11Enterprise}, family{}},
	{SKUEnterpriseSNEvaluation, "PRODUCT_ENTERPRISE_S_N_EVALUATION", []names.Edition{names.Windows10Enterprise, names.Windows11Enterprise}, family{}},
	{SKUIoTUAPCommercial, "PRODUCT_IOTUAPCOMMERCIAL", []names.Edition{names.Windows10IoTCore}, family{}},
	{SKUMobileEnterprise, "PRODUCT_MOBILE_ENTERPRISE", nil, family{names.Windows10Home, names.Windows11EnterpriseMultiSession}},
	{SKUDatacenterAServerCore, "PRODUCT_DATACENTER_A_SERVER_CORE", nil, family{names.Server2016Standard, names.Server2025DatacenterAzureEdition}},
	{SKUStandardAServerCore, "PRODUCT_STANDARD_A_SERVER_CORE", nil, family{names.Server2016Standard, names.Server2025DatacenterAzureEdition}},
	{SKUProWorkstation, "PRODUCT_PRO_WORKSTATION", []names.Edition{names.Windows10Pro, names.Windows11Pro}, family{}},
	{SKUProWorkstationN, "PRODUCT_PRO_WORKSTATION_N", []names.Edition{names.Windows10Pro, names.Windows11Pro}, family{}},
	{SKUProForEducation, "PRODUCT_PRO_FOR_EDUCATION", []names.Edition{names.Windows10Pro, names.Windows11Pro}, family{}},
	{SKUServerRDSH, "PRODUCT_SERVERRDSH", []names.Edition{names.Windows10EnterpriseMultiSession, names.Windows11EnterpriseMultiSession}, family{}},
	{SKUIoTEnterprise, "PRODUCT_IOTENTERPRISE", []names.Edition{names.Windows10IoTEnterprise, names.Windows11IoTEnterprise}, family{}},
	{SKUIoTEnterpriseS, "PRODUCT_IOTENTERPRISE_S", []names.Edition{names.Windows10IoTEnterprise, names.Windows11IoTEnterprise}, family{}},
	{SKUCloudEdition, "PRODUCT_CLOUDEDITION", nil, family{names.Windows10Home, names.Windows11EnterpriseMultiSession}},
	{SKUAzureStackHCIServerCore, "PRODUCT_AZURESTACKHCI_SERVER_CORE", nil, family{names.Server2016Standard, names.Server2025DatacenterAzureEdition}},
	{SKUDatacenterServerAzureEdition, "PRODUCT_DATACENTER_SERVER_AZURE_EDITION", []names.Edition{names.Server2022DatacenterAzureEdition, names.Server2025DatacenterAzureEdition}, family{}},
	{SKUDatacenterServerCoreAzureEdition, "PRODUCT_DATACENTER_SERVER_CORE_AZURE_EDITION", []names.Edition{names.Server2022DatacenterAzureEdition, names.Server2025DatacenterAzureEdition}, family{}},
	{SKUUnlicensed, "PRODUCT_UNLICENSED", nil, family{}},
}

// lookupSKU returns the row of a SKU, or nil.
func lookupSKU(sku SKU) *skuRow {
	i, ok := slices.BinarySearchFunc(skus[:], sku, func(row skuRow, sku SKU) int {
		return cmp.Compare(row.sku, sku)
	})
	if !ok {
		return nil
	}
	return &skus[i]
}

// String returns Microsoft's name, such as "PRODUCT_PROFESSIONAL", and the
// number of a SKU that has none.
func (s SKU) String() string {
	if row := lookupSKU(s); row != nil {
		return row.name
	}
	return fmt.Sprintf("SKU(0x%X)", uint32(s))
}

// Editions returns the editions that a SKU can stand for, in order of release: one of
// each product. There are none if the SKU is unknown, means nothing, or stands for
// editions that the table has no rules for.
func (s SKU) Editions() []limits.Edition {
	if row := lookupSKU(s); row != nil {
		return names.As[limits.Edition](row.editions)
	}
	return nil
}
