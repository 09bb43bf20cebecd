package certify

import "sync"

// A shape says how the members of one kind of object in our certificates become
// statements: what the three contexts of ours (ownContext) make of them. It is
// written down because reading it out of the contexts for each certificate took
// nine tenths of the time of issuing one. Tests hold it against the general
// library and against jsonld.js.
type shape struct {
	types map[string]string // of "type", to IRIs
	terms map[string]term
}

// A term is a member: its predicate, and what its values are.
type term struct {
	predicate string
	kind      termKind
	datatype  string // of text, number and truth; "" is a plain string
	node      *shape // of nodes
}

type termKind int

const (
	termText termKind = iota // a string
	termNumber
	termTruth
	termIRI  // a string that is an IRI
	termNode // an object
)

// The vocabularies. Some are not what their makers meant (https for XML Schema,
// a prefix that stayed one), and are what the contexts say.
const (
	nsRDFType = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
	nsVC      = "https://www.w3.org/2018/credentials#"
	nsStatus  = "https://www.w3.org/ns/credentials/status#"
	nsOB      = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#"
	nsSchema  = "https://schema.org/"
	xsdTime   = "http://www.w3.org/2001/XMLSchema#dateTime"
	obTime    = "xsd:dateTime"
	obXSD     = "https://www.w3.org/2001/XMLSchema#"
)

// ownShape is the shape of an Open Badges credential as we write them.
var ownShape = sync.OnceValue(func() *shape {
	text := func(predicate string) term { return term{predicate: predicate} }
	typed := func(predicate, datatype string) term { return term{predicate: predicate, datatype: datatype} }
	node := func(predicate string, of *shape) term { return term{predicate: predicate, kind: termNode, node: of} }

	identifier := &shape{
		types: map[string]string{"IdentifierEntry": nsOB + "IdentifierEntry"},
		terms: map[string]term{"identifier": text(nsOB + "identifier"), "identifierType": text(nsOB + "identifierType")},
	}
	identity := &shape{
		types: map[string]string{"IdentityObject": nsOB + "IdentityObject"},
		terms: map[string]term{
			"hashed":       {nsOB + "hashed", termTruth, obXSD + "boolean", nil},
			"identityHash": text(nsOB + "identityHash"),
			"identityType": text(nsOB + "identityType"),
		},
	}
	profile := &shape{
		types: map[string]string{"Profile": nsOB + "Profile"},
		terms: map[string]term{
			"name":            text(nsSchema + "name"),
			"url":             typed(nsSchema+"url", obXSD+"anyURI"),
			"otherIdentifier": node(nsOB+"otherIdentifier", identifier),
		},
	}
	criteria := &shape{terms: map[string]term{"narrative": text(nsOB + "narrative")}}
	alignment := &shape{
		types: map[string]string{"Alignment": nsSchema + "AlignmentObject"},
		terms: map[string]term{
			"targetName":      text(nsSchema + "targetName"),
			"targetUrl":       typed(nsSchema+"targetUrl", obXSD+"anyURI"),
			"targetFramework": text(nsSchema + "targetFramework"),
			"targetCode":      text(nsOB + "targetCode"),
			"targetType":      text(nsOB + "targetType"),
		},
	}
	resultDescription := &shape{
		types: map[string]string{"ResultDescription": nsOB + "ResultDescription"},
		terms: map[string]term{"name": text(nsSchema + "name"), "resultType": text(nsOB + "resultType")},
	}
	result := &shape{
		types: map[string]string{"Result": nsOB + "Result"},
		terms: map[string]term{"resultDescription": typed(nsOB+"resultDescription", obXSD+"anyURI"), "value": text(nsSchema + "value")},
	}
	achievement := &shape{
		types: map[string]string{"Achievement": nsOB + "Achievement"},
		terms: map[string]term{
			"achievementType":   text(nsOB + "achievementType"),
			"name":              text(nsSchema + "name"),
			"description":       text(nsSchema + "description"),
			"criteria":          node(nsOB+"Criteria", criteria),
			"creator":           node(nsOB+"creator", profile),
			"humanCode":         text(nsOB + "humanCode"),
			"creditsAvailable":  {nsOB + "creditsAvailable", termNumber, obXSD + "float", nil},
			"inLanguage":        text(nsSchema + "inLanguage"),
			"alignment":         node(nsOB+"alignment", alignment),
			"resultDescription": node(nsOB+"resultDescription", resultDescription),
		},
	}
	subject := &shape{
		types: map[string]string{"AchievementSubject": nsOB + "AchievementSubject"},
		terms: map[string]term{
			"identifier":        node(nsOB+"identifier", identity),
			"activityStartDate": typed(nsOB+"activityStartDate", obXSD+"date"),
			"activityEndDate":   typed(nsOB+"activityEndDate", obXSD+"date"),
			"creditsEarned":     {nsOB + "creditsEarned", termNumber, obXSD + "float", nil},
			"licenseNumber":     text(nsOB + "licenseNumber"),
			"source":            node(nsOB+"source", profile),
			"achievement":       node(nsOB+"achievement", achievement),
			"result":            node(nsOB+"result", result),
		},
	}
	evidence := &shape{
		types: map[string]string{"Evidence": nsOB + "Evidence"},
		terms: map[string]term{
			"name":        text(nsSchema + "name"),
			"description": text(nsSchema + "description"),
			"genre":       text(nsSchema + "genre"),
		},
	}
	schema := &shape{types: map[string]string{
		"1EdTechJsonSchemaValidator2019": "https://purl.imsglobal.org/spec/vccs/v1p0/context.json#1EdTechJsonSchemaValidator2019",
	}}
	status := &shape{
		types: map[string]string{"BitstringStatusListEntry": nsStatus + "BitstringStatusListEntry"},
		terms: map[string]term{
			"statusPurpose":        text(nsStatus + "statusPurpose"),
			"statusListIndex":      text(nsStatus + "statusListIndex"),
			"statusListCredential": {nsStatus + "statusListCredential", termIRI, "", nil},
		},
	}
	return &shape{
		types: map[string]string{"VerifiableCredential": nsVC + "VerifiableCredential", "OpenBadgeCredential": nsOB + "OpenBadgeCredential"},
		terms: map[string]term{
			"name":              text(nsSchema + "name"),
			"description":       text(nsSchema + "description"),
			"issuer":            node(nsVC+"issuer", profile),
			"validFrom":         typed(nsVC+"validFrom", xsdTime),
			"validUntil":        typed(nsVC+"validUntil", xsdTime),
			"awardedDate":       typed(nsOB+"awardedDate", obTime),
			"credentialSubject": node(nsVC+"credentialSubject", subject),
			"evidence":          node(nsVC+"evidence", evidence),
			"credentialSchema":  node(nsVC+"credentialSchema", schema),
			"credentialStatus":  node(nsVC+"credentialStatus", status),
		},
	}
})
