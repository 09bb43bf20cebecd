package creditbank

import "fmt"

// What a learner is told of a petition. Who decides is not told, and what a reviewer
// does for themselves leaves no notice.

// ofPetition names the petition that an act is about by its institution and course,
// or by its number where it names no course: its title is sealed.
func (x noticer) ofPetition(seq int64, zh, en string) Text {
	p := x.a.Petition(seq)
	if p == nil {
		return Text{}
	}
	what := Text{fmt.Sprintf("第%d项", seq), fmt.Sprintf("entry %d", seq)}
	if p.Claim.Course != "" {
		course := x.course(p.Claim.Course)
		what = Text{"“" + course + "”", course}
	}
	by := x.institution(p.Claim.Institution)
	return Text{fmt.Sprintf(zh, by, what.ZH), fmt.Sprintf(en, by, what.EN)}
}

func (x noticer) petitioned(act Act) (Text, []Text) {
	return x.ofPetition(act.Seq, "认定申请已提交%[1]s：%[2]s", "your petition is with %[1]s: %[2]s"),
		[]Text{{"可以上传证明材料，只有您和办理人员能看到", "you can add evidence, which only you and those who decide can see"}}
}

func (x noticer) evidenced(act Act) (Text, []Text) {
	kind := map[MediaType]string{JPEG: "JPEG", PNG: "PNG", PDF: "PDF"}[act.petition().Type]
	size := (act.petition().Bytes + 1023) / 1024
	return x.ofPetition(act.Body.Of, "证明材料已加密保存（申请%[2]s，"+kind+fmt.Sprintf("，%d KB）", size), "evidence was stored encrypted, for the petition %[2]s ("+kind+fmt.Sprintf(", %d KB)", size)), nil
}

func (x noticer) petitionReturned(act Act) (Text, []Text) {
	return x.ofPetition(act.Body.Of, "%[1]s退回认定申请，请补正：%[2]s", "%[1]s returned your petition for a supplement: %[2]s"), nil
}

func (x noticer) petitionSupplemented(act Act) (Text, []Text) {
	return x.ofPetition(act.Body.Of, "补正已送达%[1]s：%[2]s", "your supplement is with %[1]s: %[2]s"), nil
}

func (x noticer) petitionAccepted(act Act) (Text, []Text) {
	return x.ofPetition(act.Body.Of, "%[1]s通过了认定申请：%[2]s", "%[1]s accepted your petition: %[2]s"),
		[]Text{say("成果已登记（第%[1]d项），认定结果见该项通知", "the outcome was posted as entry %[1]d, whose notice says what it was recognised as", act.Body.Since)}
}

func (x noticer) petitionRefused(act Act) (Text, []Text) {
	return x.ofPetition(act.Body.Of, "%[1]s对认定申请不予认定：%[2]s", "%[1]s refused your petition: %[2]s"),
		[]Text{{"可以重新申请，或改用其他材料证明", "you may apply again, with other evidence"}}
}

func (x noticer) petitionWithdrawn(act Act) (Text, []Text) {
	return x.ofPetition(act.Body.Of, "向%[1]s提出的认定申请已撤回：%[2]s", "your petition to %[1]s was withdrawn: %[2]s"), nil
}
