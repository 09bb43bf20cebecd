package fuzz

import (
	"creditbank/api/apitest/generate"
	"creditbank/creditbank"
)

// refusal is a reason for which outcomes are refused when they are posted.
func (d *draw) refusal() string {
	return generate.Pick(d.Rand, creditbank.Refusals()...).String()
}
