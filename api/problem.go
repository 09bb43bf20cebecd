package api

import (
	"cmp"
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"creditbank/api/contract"
	"creditbank/certify/issuance"
	"creditbank/creditbank"
)

// A problemType is a kind of problem (RFC 9457). Its name is in its URI and
// never changes.
type problemType struct {
	name       string
	status     int
	title      creditbank.Text
	advice     creditbank.Text
	retryAfter time.Duration // what to wait before trying again; zero for none
}

// The problems. Whatever has no place here is internal, and tells nothing.
var (
	problemInvalid = problemType{"invalid", http.StatusBadRequest, text("请求有误", "the request is wrong in itself"),
		text("按 errors 中的指引改正后重新发送。", "Mend what `errors` points at and send the request again."), 0}
	problemUnauthenticated = problemType{"unauthenticated", http.StatusUnauthorized, text("未登录，或令牌无效", "no token or session, or one that is not valid"),
		text("请在 /oauth/token 获取新的令牌，或重新登录。", "Get a new token at /oauth/token, or log in again."), 0}
	problemForbidden = problemType{"forbidden", http.StatusForbidden, text("无权进行此操作", "the caller may not do that"),
		text("所需角色见接口契约中的 x-roles；权限由机构管理员或运营方授予。", "The contract says in x-roles which roles may; grants are given by the institution's manager or the operator."), 0}
	problemConsent = problemType{"consent-required", http.StatusForbidden, text("须经学习者本人同意", "the learner's consent is needed"),
		text("该机构既非成果来源，也非转换目标；请学习者在“同意”中授权后再查询。", "The institution is neither source nor target; ask the learner to consent, then ask again."), 0}
	problemNotFound = problemType{"not-found", http.StatusNotFound, text("不存在", "what the address names does not exist"),
		text("请核对网址中的编号。", "Check the identifiers in the address."), 0}
	problemMethod = problemType{"method-not-allowed", http.StatusMethodNotAllowed, text("此地址不支持该方法", "the address does not know this method"),
		text("见 Allow 应答头与接口契约。", "See the header Allow, and the contract."), 0}
	problemConflict = problemType{"conflict", http.StatusConflict, text("与现有状态冲突", "the state does not allow it"),
		text("读取当前状态后再决定。", "Read the state as it is, then decide."), 0}
	problemErased = problemType{"erased", http.StatusGone, text("个人信息已删除", "the person was erased"),
		text("学习者的个人信息已依法删除，内容不可恢复；其自存的证书仍可核验。", "The person's data was destroyed for good; a copy they kept can still be verified."), 0}
	problemTooLarge = problemType{"too-large", http.StatusRequestEntityTooLarge, text("请求过大", "the request is too large"),
		text("请拆分请求，或改用 /v1/outcomes/stream。", "Split it, or use /v1/outcomes/stream."), 0}
	problemMediaType = problemType{"unsupported-media-type", http.StatusUnsupportedMediaType, text("不支持的内容类型", "a content type that is not taken here"),
		text("见接口契约中该操作的 requestBody。", "See requestBody of the operation in the contract."), 0}
	problemUnprocessable = problemType{"unprocessable", http.StatusUnprocessableEntity, text("请求所指的内容不存在", "the request names what does not exist"),
		text("按 errors 中的指引核对代码与编号。", "Check the codes that `errors` points at."), 0}
	problemKeyReused = problemType{"key-reused", http.StatusUnprocessableEntity, text("该键已用于其他请求", "the key was used for another request"),
		text("重发须原样发送；新的请求须用新的键。", "Send again only what is the same; a new request needs a new key."), 0}
	problemRate = problemType{"rate-limited", http.StatusTooManyRequests, text("请求过于频繁", "too many requests"),
		text("请在 Retry-After 所示时间之后重试。", "Try again after Retry-After."), time.Second}
	problemInternal = problemType{"internal", http.StatusInternalServerError, text("系统内部错误", "a fault on our side"),
		text("请将请求编号告知运维人员；写操作可用同一键重发。", "Tell the operator the request's id; a write can be sent again with the same key."), 0}
	problemBusy = problemType{"busy", http.StatusServiceUnavailable, text("系统繁忙，未处理", "busy; nothing was done"),
		text("请在 Retry-After 所示时间之后重试。", "Try again after Retry-After."), time.Second}
	problemUnknown = problemType{"outcome-unknown", http.StatusServiceUnavailable, text("结果不明", "the outcome is not known"),
		text("请用同一键原样重发：若此前已生效，会得到同样的应答。", "Send it again as it is with the same key: if it took effect, the answer is the same."), time.Second}
	problemUnavailable = problemType{"unavailable", http.StatusServiceUnavailable, text("暂不可用", "not available at the moment"),
		text("请在 Retry-After 所示时间之后重试；写操作用同一键原样重发。", "Try again after Retry-After; send a write again as it is with the same key."), 2 * time.Second}
)

func problemTypes() []problemType {
	return []problemType{
		problemInvalid, problemUnauthenticated, problemForbidden, problemConsent, problemNotFound, problemMethod, problemConflict,
		problemErased, problemTooLarge, problemMediaType, problemUnprocessable, problemKeyReused, problemRate, problemInternal,
		problemBusy, problemUnknown, problemUnavailable,
	}
}

func text(zh, en string) creditbank.Text { return creditbank.Text{ZH: zh, EN: en} }

// An apiError is a refusal by this package, not by the domain.
type apiError struct {
	problem    problemType
	code       creditbank.Code
	message    creditbank.Text
	parts      []contract.ProblemPart
	retryAfter time.Duration // beyond the problem's own
	cause      error         // for the log
}

func (e *apiError) Error() string {
	s := string(e.code) + ": " + e.message.EN
	for _, p := range e.parts {
		s += "; " + p.Message.En
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap returns what was the cause.
func (e *apiError) Unwrap() error { return e.cause }

func refuse(p problemType, code creditbank.Code, zh, en string) *apiError {
	return &apiError{problem: p, code: code, message: text(zh, en)}
}

// A bodyError is an error about what the body says: something it names that
// does not exist is not an address that does not exist.
type bodyError struct{ error }

func (e bodyError) Unwrap() error { return e.error }

// inBody marks err as about what the body says. It passes nil on.
func inBody(err error) error {
	if err == nil {
		return nil
	}
	return bodyError{err}
}

// problemOf finds the problem that err is, with its code, message and parts.
func problemOf(err error) (problemType, *apiError) {
	var own *apiError
	if errors.As(err, &own) {
		return own.problem, own
	}
	if errors.Is(err, issuance.ErrHalted) {
		return problemUnavailable, refuse(problemUnavailable, "ISSUING_HALTED", "证书日志待人工核查，暂停签发和撤销；已登记的请求将在核查后办理",
			"the log of certificates waits for somebody to look at it: nothing is issued or revoked; what was asked for is on record and is done after that")
	}
	p := kindOf(err)
	answer := &apiError{problem: p, code: codeOf(p), message: p.title}
	if p.status == http.StatusInternalServerError || p.status == http.StatusServiceUnavailable {
		return p, answer // what went wrong is for the log
	}
	var list creditbank.Problems
	list.Add(creditbank.Place{}, err)
	var input *creditbank.InputError
	if !errors.As(err, &input) {
		return p, answer
	}
	answer.code, answer.message = input.Code, input.Reason
	for _, placed := range list.List() {
		answer.parts = append(answer.parts, part(placed))
	}
	return p, answer
}

// codeOf returns the code of a problem that has none of its own: its name.
func codeOf(p problemType) creditbank.Code {
	return creditbank.Code(strings.ToUpper(strings.ReplaceAll(p.name, "-", "_")))
}

// kindOf is the one table of errors to problems.
func kindOf(err error) problemType {
	var body bodyError
	inBody := errors.As(err, &body)
	var input *creditbank.InputError
	code := creditbank.Code("")
	if errors.As(err, &input) {
		code = input.Code
	}
	switch {
	case errors.Is(err, creditbank.ErrOutcomeUnknown):
		return problemUnknown
	case errors.Is(err, creditbank.ErrBusy):
		return problemBusy
	case code == creditbank.CodeConsentRequired:
		return problemConsent
	case errors.Is(err, creditbank.ErrForbidden):
		return problemForbidden
	case code == creditbank.CodeKeyReused:
		return problemKeyReused
	case errors.Is(err, creditbank.ErrConflict):
		return problemConflict
	case errors.Is(err, creditbank.ErrNotFound) && inBody:
		return problemUnprocessable
	case errors.Is(err, creditbank.ErrNotFound):
		return problemNotFound
	case errors.Is(err, creditbank.ErrInvalid):
		return problemInvalid
	case errors.Is(err, issuance.ErrErased):
		return problemErased
	case unavailable(err):
		return problemUnavailable
	}
	return problemInternal
}

// unavailable reports whether err comes of something that is not there at the
// moment, such as the database, or was not there in time.
func unavailable(err error) bool {
	var netErr net.Error
	return errors.As(err, &netErr) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF) || databaseAway(err) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, errStopping)
}

// databaseAway reports whether err is how a database says that it does not serve
// for the time being (SQL:2016, table 38; PostgreSQL, appendix A).
func databaseAway(err error) bool {
	var answer interface{ SQLState() string }
	if !errors.As(err, &answer) {
		return false
	}
	state := answer.SQLState()
	const standby = "25006" // it takes no writes: another is the primary now
	connection, resources, operator := strings.HasPrefix(state, "08"), strings.HasPrefix(state, "53"), strings.HasPrefix(state, "57")
	return connection || resources || operator || state == standby
}

// errStopping: the service is about to stop.
var errStopping = errors.New("the service is stopping")

// part returns an input error as a part of a problem.
func part(e *creditbank.PlacedError) contract.ProblemPart {
	p := contract.ProblemPart{Code: string(e.Code), Message: wireText(e.Reason)}
	if e.Field != "" {
		pointer := "/" + strings.ReplaceAll(e.Field, ".", "/")
		p.Pointer = &pointer
	}
	if e.File != "" {
		place := e.Place.String()
		p.Place = &place
	}
	return p
}

// writeProblem answers with the problem that err is. It is the one place that
// answers errors, and that logs them.
//
// What goes wrong once the sender has gone or the time is up is no fault: a
// statement that was ended with its request says so in words of its own.
func (s *Server) writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	if ended := r.Context().Err(); ended != nil && kindOf(err) == problemInternal {
		err = fmt.Errorf("%w: %w", ended, err)
	}
	p, e := problemOf(err)
	c := callOf(r.Context())
	s.logProblem(r, p, err)
	s.refused(c, p)
	if rec, ok := w.(*recorder); ok && rec.status != 0 {
		panic(http.ErrAbortHandler) // the answer has begun: it must not look whole
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Del("ETag")
	if wait := cmp.Or(e.retryAfter, p.retryAfter); wait > 0 {
		h.Set("Retry-After", strconv.Itoa(seconds(wait))) // rounded up: sooner is too soon
	}
	if s.wantsPage(c, r) {
		h.Del("Content-Type")
		s.pages.ServeTrouble(w, r, s.Explain(err))
		return
	}
	if p.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="creditbank"`)
	}
	if c.op != nil && c.op.id == "createToken" && p.status == http.StatusBadRequest {
		// Here they are read by libraries, in the form of RFC 6749, 5.2.
		refuseToken(contract.InvalidRequest, e.message.EN).VisitCreateTokenResponse(w)
		return
	}
	w.WriteHeader(p.status)
	json.NewEncoder(w).Encode(s.problem(c, p, e)) // too late to report a failure
}

// problem returns what a problem says on the wire.
func (s *Server) problem(c *call, p problemType, e *apiError) contract.Problem {
	title, detail := c.pick(p.title), c.pick(e.message)
	out := contract.Problem{
		Type: s.c.PublicURL + "/problems/" + p.name, Title: title, Status: p.status, Code: string(e.code), Message: wireText(e.message),
	}
	if detail != title {
		out.Detail = &detail
	}
	if c.id != "" {
		out.Instance = &c.id
	}
	if len(e.parts) > 0 {
		parts := slices.Clone(e.parts)
		for i, p := range parts {
			// The domain knows fields by name, and not where they came from.
			if c.op == nil {
				break
			}
			if name, ok := c.op.params[strings.TrimPrefix(value(p.Pointer), "/")]; ok {
				parts[i].Pointer = &name
			}
		}
		out.Errors = &parts
	}
	return out
}

// GetProblem implements [contract.StrictServerInterface].
func (s *Server) GetProblem(_ context.Context, r contract.GetProblemRequestObject) (contract.GetProblemResponseObject, error) {
	for _, p := range problemTypes() {
		if p.name == r.Problem {
			return contract.GetProblem200JSONResponse{
				Type: s.c.PublicURL + "/problems/" + p.name, Status: p.status, Title: wireText(p.title), Advice: wireText(p.advice),
			}, nil
		}
	}
	return nil, creditbank.ErrNotFound
}
