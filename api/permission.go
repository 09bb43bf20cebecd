package api

import (
	"creditbank/creditbank/access"
)

// Roles in the order in which people speak of them.
const (
	learner  = access.Learner
	poster   = access.Poster
	reviewer = access.Reviewer
	clerk    = access.Clerk
	manager  = access.Manager
	operator = access.Operator
	auditor  = access.Auditor
	anyone   = access.Anyone
)

// everybody is everybody who has logged in.
var everybody = access.Roles()

// permissions says for each operation which roles may call it. The contract
// says the same in x-roles, and so does the README; a test holds the three
// together. Within what scope a role counts is asked by the handler.
var permissions = map[string][]access.Role{
	// tokens, keys and what everybody may see
	"createToken": {anyone}, "getJWKS": {anyone}, "getAuthorizationServer": {anyone}, "revokeToken": everybody,
	"getIssuerDID": {anyone}, "getStatusList": {anyone}, "getTrust": {anyone}, "getIssuerKey": {anyone}, "verifyCertificate": {anyone},
	"getCheckpoint": {anyone}, "getTile": {anyone}, "getCertificateProof": {anyone}, "findCertificate": {anyone}, "getConsentText": {anyone},
	"getHealth": {anyone}, "getReadiness": {anyone}, "getMetrics": {anyone}, "getContract": {anyone}, "getProblem": {anyone},

	// reference data and rules
	"listRegions": {anyone}, "listInstitutions": {anyone}, "getInstitution": {anyone}, "listCourses": {anyone}, "getCourse": {anyone},
	"listProgrammes": {anyone}, "getProgramme": {anyone}, "listRules": {anyone}, "getRule": {anyone},
	"listRuleSets": {anyone}, "getRuleSet": {anyone}, "getRuleChanges": {anyone},
	"putRegion": {operator}, "putInstitution": {operator}, "putCourse": {manager, operator}, "publishRuleSet": {operator},
	"tryRules":             {manager, operator},
	"previewRerecognition": {operator}, "rerecognise": {operator},

	// the life of rules
	"listRuleDrafts": {anyone}, "getRuleDraft": {anyone},
	"createRuleDraft": {manager, operator}, "reviseRuleDraft": {manager, operator}, "submitRuleDraft": {manager, operator},
	"withdrawRuleDraft": {manager, operator}, "reviewRuleDraft": {reviewer}, "publishRuleDraft": {operator},
	"objectToRuleDraft": everybody, "answerRuleObjection": {reviewer, operator},
	"suspendRules": {manager, operator}, "resumeRules": {manager, operator}, "retireRules": {manager, operator},

	// learners and their accounts
	"openLearner":  {clerk, operator},
	"findLearner":  {poster, reviewer, clerk, operator},
	"getLearner":   {learner, reviewer, clerk, operator, auditor},
	"enrol":        {clerk, operator},
	"withdraw":     {learner, clerk, operator},
	"freeze":       {operator},
	"unfreeze":     {operator},
	"getBalance":   {learner, poster, reviewer, clerk, operator, auditor},
	"getStatement": {learner, reviewer, clerk, operator, auditor},
	"listLots":     {learner, poster, reviewer, clerk, operator, auditor},
	"getPlan":      {learner, reviewer, clerk, operator, auditor},

	// outcomes
	"postOutcome": {poster}, "postOutcomes": {poster}, "streamOutcomes": {poster},
	"revokeOutcome": {poster, operator},
	"getOutcome":    {learner, poster, reviewer, clerk, operator, auditor},

	// conversions
	"previewConversions": {learner, reviewer, clerk, operator},
	"listConversions":    {learner, reviewer, clerk, operator, auditor},
	"getConversion":      {learner, reviewer, clerk, operator, auditor},
	"convert":            {learner, clerk},
	"reviewConversion":   {reviewer},
	"listApplications":   {reviewer},

	// awards and cases
	"listAwards": {learner, reviewer, clerk, operator, auditor}, "conferAward": {clerk}, "withdrawAward": {manager},
	"listCases": {manager}, "decideCase": {manager},

	// inboxes
	"listNotices": {learner}, "markNoticesRead": {learner},
	"listConcerns": {poster, reviewer, clerk, manager, operator, auditor},

	// applications, step by step
	"getApplication": {learner, reviewer}, "claimApplication": {reviewer}, "releaseApplication": {reviewer},
	"recuseFromApplication": {reviewer}, "returnApplication": {reviewer}, "answerObjection": {reviewer}, "reviewApplications": {reviewer},
	"supplementApplication": {learner, clerk}, "withdrawApplication": {learner, clerk}, "appealApplication": {learner},
	"runApplicationsDue": {operator}, "listPublicity": {anyone}, "objectToApplication": everybody,
	"listDeputies": {reviewer}, "putDeputy": {reviewer},
	"listCalendars": {anyone}, "getCalendar": {anyone}, "putCalendar": {operator},

	// petitions for recognition
	"petition": {learner}, "listPetitions": {learner}, "addEvidence": {learner}, "supplementPetition": {learner}, "withdrawPetition": {learner},
	"getPetition": {learner, reviewer}, "getEvidence": {learner, reviewer},
	"listOpenPetitions": {reviewer}, "previewPetition": {reviewer}, "acceptPetition": {reviewer}, "returnPetition": {reviewer},
	"refusePetition": {reviewer}, "recuseFromPetition": {reviewer},

	// certificates
	"listCertificates":  {learner, reviewer, clerk, operator, auditor},
	"issueCertificate":  {learner, poster, clerk},
	"getCertificate":    {learner, reviewer, clerk, operator, auditor},
	"getCertificateJWT": {learner, reviewer, clerk, operator, auditor}, "getCertificateSDJWT": {learner, reviewer, clerk, operator, auditor},
	"getCertificatePDF": {learner, reviewer, clerk, operator, auditor},
	"revokeCertificate": {clerk, operator},

	// consent and disclosure
	"listConsents": {learner, operator, auditor}, "giveConsent": {learner}, "withdrawConsent": {learner},
	"listDisclosures": {learner, operator, auditor},

	// people and machines
	"getMe": everybody, "activateAccount": {anyone}, "logIn": {anyone}, "logOut": everybody, "changePassword": everybody,
	"listAccounts": {manager, operator, auditor}, "openAccount": {clerk, manager, operator},
	"getAccount": {clerk, manager, operator, auditor}, "newCode": {clerk, manager, operator},
	"setAccountGrants": {manager, operator}, "disableAccount": {manager, operator}, "enableAccount": {manager, operator},
	"listClients": {manager, operator, auditor}, "openClient": {manager, operator}, "getClient": {manager, operator, auditor},
	"addClientSecret": {manager, operator}, "addClientKey": {manager, operator}, "removeClientKey": {manager, operator},
	"removeClientSecret": {manager, operator},
	"setClientGrants":    {manager, operator}, "disableClient": {manager, operator}, "enableClient": {manager, operator},
	"listAudit": {auditor},

	"streamEvents": {learner, poster, reviewer, clerk, operator, auditor},
}
