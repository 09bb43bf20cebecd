package creditbank

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"
)

// A Caller is who acts: nobody acts without one. It is recorded with the act.
type Caller struct {
	ID string // "institution:I06", "operator:zhang", …
}

// NewCaller returns the caller of the given id.
func NewCaller(id string) (Caller, error) {
	if id == "" {
		return Caller{}, Invalid(CodeMissing, "caller", "必须说明操作者", "who acts must be named")
	}
	return Caller{id}, checkText("caller", id, 128)
}

// check reports a caller that was not made by [NewCaller].
func (c Caller) check() error {
	_, err := NewCaller(c.ID)
	return err
}

// An ActKind says what an act does to an account.
type ActKind string

// The kinds of act.
const (
	ActOpened   ActKind = "opened"   // 开户
	ActEnrolled ActKind = "enrolled" // 注册
	ActLeft     ActKind = "left"     // 退出专业
	ActFrozen   ActKind = "frozen"   // 冻结
	ActUnfrozen ActKind = "unfrozen" // 解冻
	ActRevoked  ActKind = "revoked"  // an outcome is void
	ActDecided  ActKind = "decided"  // a conversion was approved or denied
	ActReversed ActKind = "reversed" // 冲正: a conversion is undone
	ActRelinked ActKind = "relinked" // a conversion stands on a revised outcome
	ActRegraded ActKind = "regraded" // as relinked, with other grades on its lines
	ActReplaced ActKind = "replaced" // an outcome gave way to its next revision

	ActApplied   ActKind = "applied"   // 申请: a conversion waits for a reviewer
	ActConsented ActKind = "consented" // 同意: the learner lets somebody be told
	ActWithdrawn ActKind = "withdrawn" // 撤回同意
	ActRequested ActKind = "requested" // 申请证书: of an outcome
	ActVoided    ActKind = "voided"    // 作废证书: what it certifies stands

	ActAwarded        ActKind = "awarded"         // 授予: a diploma or certificate was conferred
	ActAwardWithdrawn ActKind = "award_withdrawn" // 撤销授予
	ActCaseOpened     ActKind = "case_opened"     // 复核: an award hangs on a conversion that lost a source
	ActCaseDecided    ActKind = "case_decided"    // 复核决定

	ActExpired    ActKind = "expired"    // 失效: what was left of a lot after its last day
	ActRecognised ActKind = "recognised" // 重新认定: an outcome is recognised anew

	// The life of an application between applied and decided (application.go).
	ActClaimed      ActKind = "claimed"      // 认领: a reviewer takes it up
	ActReleased     ActKind = "released"     // 放弃认领: and lets it go
	ActRecused      ActKind = "recused"      // 回避: a reviewer will not decide it
	ActOpined       ActKind = "opined"       // 评审意见: a reviewer votes
	ActReturned     ActKind = "returned"     // 退回补正: the clock stops
	ActSupplemented ActKind = "supplemented" // 补正: and runs on
	ActResolved     ActKind = "resolved"     // 公示: approved, and shown before it takes effect
	ActObjected     ActKind = "objected"     // 异议: somebody speaks against it
	ActAnswered     ActKind = "answered"     // 异议答复
	ActRetracted    ActKind = "retracted"    // 撤回申请
	ActLapsed       ActKind = "lapsed"       // 逾期失效: not supplemented in time
	ActAppealed     ActKind = "appealed"     // 申诉

	// The life of a petition for recognition (petition.go).
	ActPetitioned           ActKind = "petitioned"            // 申请认定: of what nobody posted
	ActEvidenced            ActKind = "evidenced"             // 上传证明材料
	ActPetitionReturned     ActKind = "petition_returned"     // 退回补正
	ActPetitionSupplemented ActKind = "petition_supplemented" // 补正
	ActPetitionAccepted     ActKind = "petition_accepted"     // 认定: the entry before it posts the outcome
	ActPetitionRefused      ActKind = "petition_refused"      // 不予认定
	ActPetitionWithdrawn    ActKind = "petition_withdrawn"    // 撤回
	ActPetitionRecused      ActKind = "petition_recused"      // 回避: a reviewer has no say in it
)

// ActKinds lists the kinds.
func ActKinds() []ActKind {
	return []ActKind{
		ActOpened, ActEnrolled, ActLeft, ActFrozen, ActUnfrozen, ActRevoked, ActDecided, ActReversed, ActRelinked, ActRegraded,
		ActReplaced, ActApplied, ActConsented, ActWithdrawn, ActRequested, ActVoided, ActAwarded, ActAwardWithdrawn, ActCaseOpened, ActCaseDecided,
		ActExpired, ActRecognised,
		ActClaimed, ActReleased, ActRecused, ActOpined, ActReturned, ActSupplemented, ActResolved, ActObjected, ActAnswered,
		ActRetracted, ActLapsed, ActAppealed,
		ActPetitioned, ActEvidenced, ActPetitionReturned, ActPetitionSupplemented, ActPetitionAccepted, ActPetitionRefused, ActPetitionWithdrawn, ActPetitionRecused,
	}
}

var actTexts = map[ActKind]Text{
	ActOpened:    {"开户", "opened"},
	ActEnrolled:  {"注册专业", "enrolled"},
	ActLeft:      {"退出专业", "left"},
	ActFrozen:    {"冻结", "frozen"},
	ActUnfrozen:  {"解冻", "unfrozen"},
	ActRevoked:   {"成果撤销", "revoked"},
	ActDecided:   {"转换决定", "decided"},
	ActReversed:  {"转换冲正", "reversed"},
	ActRelinked:  {"转换改挂", "relinked"},
	ActRegraded:  {"成绩更正", "regraded"},
	ActReplaced:  {"成果替换", "replaced"},
	ActApplied:   {"申请转换", "applied"},
	ActConsented: {"同意提供信息", "consented"},
	ActWithdrawn: {"撤回同意", "consent withdrawn"},
	ActRequested: {"申请证书", "certificate requested"},
	ActVoided:    {"作废证书", "certificate voided"},

	ActAwarded:        {"授予", "award conferred"},
	ActAwardWithdrawn: {"撤销授予", "award withdrawn"},
	ActCaseOpened:     {"立案复核", "case opened"},
	ActCaseDecided:    {"复核决定", "case decided"},

	ActExpired:    {"学分失效", "expired"},
	ActRecognised: {"重新认定", "recognised anew"},

	ActClaimed:      {"认领审核", "claimed by a reviewer"},
	ActReleased:     {"放弃认领", "released by a reviewer"},
	ActRecused:      {"审核人回避", "reviewer recused"},
	ActOpined:       {"评审意见", "reviewer's opinion"},
	ActReturned:     {"退回补正", "returned for a supplement"},
	ActSupplemented: {"补正材料", "supplemented"},
	ActResolved:     {"通过并公示", "approved, under publicity"},
	ActObjected:     {"公示异议", "objection"},
	ActAnswered:     {"异议答复", "objection answered"},
	ActRetracted:    {"撤回申请", "application withdrawn"},
	ActLapsed:       {"逾期失效", "application lapsed"},
	ActAppealed:     {"申诉", "appealed"},

	ActPetitioned:           {"申请认定", "petitioned for recognition"},
	ActEvidenced:            {"上传证明材料", "evidence added"},
	ActPetitionReturned:     {"认定申请退回补正", "petition returned for a supplement"},
	ActPetitionSupplemented: {"认定申请补正", "petition supplemented"},
	ActPetitionAccepted:     {"认定申请通过", "petition accepted"},
	ActPetitionRefused:      {"不予认定", "petition refused"},
	ActPetitionWithdrawn:    {"撤回认定申请", "petition withdrawn"},
	ActPetitionRecused:      {"对认定申请回避", "recused from a petition"},
}

// Text returns what k is called.
func (k ActKind) Text() Text { return textOf(actTexts, k) }

// textOf returns what a code is called, which is itself where nobody said.
func textOf[K ~string](texts map[K]Text, code K) Text {
	if t, ok := texts[code]; ok {
		return t
	}
	return Text{string(code), string(code)}
}

// An Act is an entry in an account's history other than a posting. It is never
// edited; what it says is undone by a later act.
type Act struct {
	Learner LearnerID
	Seq     int64 // the account version this act made
	Kind    ActKind
	At      time.Time
	Day     Date // the day it takes effect, in the rule set's time zone
	By      Caller
	Request Request
	Body    ActBody
}

// A Request is the idempotency key under which a caller asked for something. A
// repeated request finds the acts of the first. A key is the caller's own and
// counts within one learner's account. The zero Request cannot be repeated.
type Request struct {
	Key  string
	Part int  // numbers the acts of one request
	Hash Hash // of what was asked: the same key with another hash is a conflict
}

// ActBody holds what an act says; which fields count depends on its kind. The
// fields stand in alphabetical order of their names in JSON.
type ActBody struct {
	Award     *Conferral    `json:"award,omitempty"`     // awarded
	Case      *CaseEntry    `json:"case,omitempty"`      // case_opened, case_decided
	Consent   *Consent      `json:"consent,omitempty"`   // consented
	Credits   Credits       `json:"credits,omitempty"`   // expired: how many
	Decision  *Decision     `json:"decision,omitempty"`  // applied, resolved, decided, relinked, regraded
	Holds     bool          `json:"holds,omitempty"`     // applied, supplemented, resolved, appealed: what it would consume is promised to the application; to those of old it was not
	Of        int64         `json:"of,omitempty"`        // the row that is decided, undone, put in doubt, replaced, certified, withdrawn, expired or recognised
	Petition  *PetitionStep `json:"petition,omitempty"`  // of a petition: petitioned to withdrawn
	Programme ProgrammeID   `json:"programme,omitempty"` // enrolled, left
	Reason    string        `json:"reason,omitempty"`    // frozen, unfrozen, revoked, reviewed, voided, withdrawn, decided: for the record

	Recognition *RecordedRecognition `json:"recognition,omitempty"` // recognised

	Since int64 `json:"since,omitempty"` // the revision, revocation or posting that caused it; the case that an award was withdrawn by; the objection answered; the outcome that accepts a petition
	Step  *Step `json:"step,omitempty"`  // of an application: applied to decided
}

// Encode returns the canonical bytes of b, which are what is stored.
func (b ActBody) Encode() []byte {
	if b.Decision == nil {
		return canonical(b)
	}
	// The decision is spliced in as its own canonical bytes, so that its hash
	// can be checked against what is stored.
	var out bytes.Buffer
	out.WriteString(`{"decision":`)
	out.Write(b.Decision.Canonical())
	b.Decision = nil
	if rest := canonical(b); len(rest) > 2 {
		out.WriteByte(',')
		out.Write(rest[1:])
	} else {
		out.WriteByte('}')
	}
	return out.Bytes()
}

// DecodeActBody parses what [ActBody.Encode] wrote.
func DecodeActBody(data []byte) (ActBody, error) {
	var b ActBody
	if string(data) == "{}" { // every account begins with one
		return b, nil
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return ActBody{}, fmt.Errorf("act body: %w", err)
	}
	// What no field of this program stands for is not there again either.
	if again := b.Encode(); !bytes.Equal(again, data) {
		return ActBody{}, fmt.Errorf("act body: not in canonical form")
	}
	return b, nil
}

// Digest returns the SHA-256 of everything a says.
func (a Act) Digest() [32]byte { return a.DigestAs(a.Body.Encode()) }

// DigestAs is [Act.Digest] where the encoding of the body is at hand: the bytes
// that [DecodeActBody] made the body of.
func (a Act) DigestAs(body []byte) [32]byte {
	b := make([]byte, 0, 256+len(body))
	b = appendStrings(b, string(a.Learner), string(a.Kind), a.By.ID, a.Request.Key, string(a.Request.Hash[:]))
	b = append(binary.AppendUvarint(b, uint64(len(body))), body...)
	b = appendInts(b, a.Seq, a.At.UnixMicro(), int64(a.Day), int64(a.Request.Part))
	return sha256.Sum256(b)
}
