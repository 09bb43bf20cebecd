package trial

// InFull has t decide everything twice, also what both sets say the same of.
func (t *Trial) InFull() { t.sameRecognition, t.sameConversion, t.byTotals = false, nil, false }
