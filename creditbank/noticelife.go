package creditbank

// What a learner is told of an application's life. Who reviews and how each of them
// votes is not told while they vote, and who objects never is: what reviewers do
// among themselves leaves no notice but what it comes to.

// silent is for acts of reviewers that come to something else.
func silent(noticer, Act) (Text, []Text) { return Text{}, nil }

// ofApplication names the application that an act is about by its rule.
func (x noticer) ofApplication(act Act, zh, en string) Text {
	p := x.a.Application(act.Body.Of)
	if p == nil {
		return act.Kind.Text()
	}
	return with(x.rule(p.Decision), zh, en)
}

// holding says what an application holds from act on.
func (x noticer) holding(act Act) []Text {
	var sum Credits
	for _, s := range act.promised() {
		if _, line := s.Line(); !line {
			sum += s.Credits
		}
	}
	if !act.Body.Holds || sum == 0 {
		return nil
	}
	return []Text{say("为本申请占用%[1]s学分，办结前不能用于其他转换", "it holds %[1]s credits, which nothing else can use until it is closed", sum)}
}

// letGo says that an application that is closed holds nothing any more.
var letGo = Text{"为本申请占用的学分已释放，尚未失效的可另作他用", "what it held is free again, unless it has expired"}

// until says how long something runs, if it ends, and what that assumes.
func until(act Act, zh, en string) []Text {
	s := act.step()
	if s.Due == 0 {
		return nil
	}
	details := []Text{say(zh, en, s.Due)}
	for _, year := range s.Assumed {
		details = append(details, say("%[1]d年的工作日历尚未公布，按周一至周五推算", "the working days of %[1]d are not known yet: Monday to Friday was assumed", year))
	}
	return details
}

func (x noticer) returned(act Act) (Text, []Text) {
	return x.ofApplication(act, "申请被退回补正：%s", "your application was returned for a supplement: %s"),
		until(act, "请于%[1]s前（含当日）补正，逾期申请失效", "supplement it by %[1]s, or it lapses")
}

func (x noticer) supplemented(act Act) (Text, []Text) {
	return x.ofApplication(act, "补正已收到，继续审核：%s", "your supplement arrived, and the review goes on: %s"), x.holding(act)
}

func (x noticer) resolved(act Act) (Text, []Text) {
	return with(x.rule(act.Body.Decision), "申请审核通过，进入公示：%s；", "your application was approved, and is shown in public: %s; ").and(x.lines(act.Body.Decision)),
		append(x.holding(act), until(act, "公示至%[1]s，无异议的次日起生效；生效前可以撤回", "it is shown through %[1]s and takes effect after it unless somebody objects; it can be withdrawn until then")...)
}

func (x noticer) objected(act Act) (Text, []Text) {
	return x.ofApplication(act, "公示期间有人提出异议，答复前暂不生效：%s", "somebody objected to your application; it takes no effect before that is answered: %s"), nil
}

func (x noticer) answered(act Act) (Text, []Text) {
	if act.step().Approve {
		return x.ofApplication(act, "异议成立，申请重新审核：%s", "an objection was upheld, and your application is decided anew: %s"), nil
	}
	return x.ofApplication(act, "异议不成立：%s", "an objection was not upheld: %s"), nil
}

func (x noticer) retracted(act Act) (Text, []Text) {
	return x.ofApplication(act, "申请已撤回：%s", "your application was withdrawn: %s"), []Text{letGo}
}

func (x noticer) lapsed(act Act) (Text, []Text) {
	return x.ofApplication(act, "逾期未补正，申请失效：%s", "your application was not supplemented in time, and has lapsed: %s"),
		[]Text{letGo, {"可以重新申请", "you may apply again"}}
}

func (x noticer) appealed(act Act) (Text, []Text) {
	return x.ofApplication(act, "申诉已受理，由其他审核人复核：%s", "your appeal was received, and others decide: %s"), x.holding(act)
}

// appealable says until when a refusal can be appealed.
func appealable(act Act) []Text {
	if act.Body.Decision.Approved {
		return nil
	}
	return until(act, "不服可于%[1]s前（含当日）申诉", "you may appeal by %[1]s")
}
