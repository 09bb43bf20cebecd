package sqlite

import (
	"context"
	"database/sql"
	"fmt"
)

// writeStatements are prepared on the writer's connection.
type writeStatements struct {
	addFeed, addLearner, addLookup, addAccount, advance *sql.Stmt
	addOutcome, addAct, addTransfer, addDocument        *sql.Stmt
	known, taken, newest, addDisclosure, setMark        *sql.Stmt
	addConcern, markRead                                *sql.Stmt
	putWork, dropWork                                   *sql.Stmt
	putPetition, dropPetition, addEvidence              *sql.Stmt
}

// readStatements are prepared on each reader's connection when it first needs
// them.
type readStatements struct {
	learner, lookup, learners            *sql.Stmt
	account                              *sql.Stmt
	outcomes, outcome, acts              *sql.Stmt
	documents, lastFeed, feed, feedsRows *sql.Stmt
	movements, disclosures               *sql.Stmt
	worklist, waking, shown, shownAs     *sql.Stmt
	cases, readMark, concerns            *sql.Stmt
	expiring, refused, mark              *sql.Stmt

	learnersIn, outcomesIn, actsIn    *sql.Stmt // of a range of learners
	petitions, evidence, evidenceKept *sql.Stmt
}

// A preparer is a connection or a pool of them.
type preparer interface {
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// A named statement and where it goes.
type statement struct {
	into  **sql.Stmt
	query string
}

func prepare(ctx context.Context, p preparer, statements []statement) error {
	for _, st := range statements {
		prepared, err := p.PrepareContext(ctx, st.query)
		if err != nil {
			return fmt.Errorf("prepare %s: %w", st.query, err)
		}
		*st.into = prepared
	}
	return nil
}

const outcomeColumns = `
	learner_id, seq, institution, external_id, revision, course, course_version, issued_on, score, attended, valid_until,
	category, level, scheduled, family, rule, rule_set, granted, credits, lost, expires_on, reasons,
	posted_at, caller, request, digest`

const actColumns = `
	learner_id, seq, kind, at, day, caller, request_key, request_part, request_hash, body, digest`

// recognisedUntil is the last day that an act of kind recognised gives an outcome,
// as the index act_expiry has it.
const recognisedUntil = `CAST(replace(json_extract(CAST(body AS TEXT), '$.recognition.expires_on'), '-', '') AS INTEGER)`

const disclosureColumns = `
	learner_id, id, at, caller, recipient, authority, purpose, fields, basis, consent, request, digest`

const concernColumns = `
	institution, at, learner_id, seq, kind, day, of_seq, since, programme, source, external_id, digest`

func (w *writeStatements) prepare(ctx context.Context, p preparer) error {
	return prepare(ctx, p, []statement{
		{&w.addFeed, `
			INSERT INTO feed (id, at, seq)
			SELECT ?, ?, coalesce(max(seq), 0) + 1 FROM feed`},
		{&w.known, `
			SELECT EXISTS (SELECT 1 FROM learner WHERE learner_id = ?)`},
		{&w.taken, `
			SELECT EXISTS (SELECT 1 FROM lookup WHERE kind = ? AND value = ?)`},
		{&w.addLearner, `
			INSERT INTO learner (learner_id, account_no, region, person_key, sealed, opened_at, digest)
			VALUES (?, ?, ?, ?, ?, ?, ?)`},
		{&w.addLookup, `
			INSERT INTO lookup (kind, value, learner_id, digest)
			VALUES (?, ?, ?, ?)`},
		{&w.addAccount, `
			INSERT INTO account (learner_id, version, frozen, totals, digest)
			VALUES (?, 1, 0, '', ?)`},
		{&w.advance, `
			UPDATE account
			SET version = ?, frozen = ?, totals = ?, digest = ?
			WHERE learner_id = ? AND version = ?`},
		{&w.addOutcome, `
			INSERT INTO outcome (` + outcomeColumns + `, feed_id)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&w.addAct, `
			INSERT INTO act (` + actColumns + `, feed_id)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&w.addTransfer, `
			INSERT INTO transfer (learner_id, seq, n, from_account, to_account, category, credits)
			VALUES (?, ?, ?, ?, ?, ?, ?)`},
		{&w.addDisclosure, `
			INSERT INTO disclosure (` + disclosureColumns + `)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (learner_id, id) DO NOTHING`},
		{&w.addConcern, `
			INSERT INTO concern (` + concernColumns + `)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&w.markRead, `
			INSERT INTO read_mark (learner_id, seq)
			VALUES (?, ?)
			ON CONFLICT (learner_id) DO UPDATE SET seq = max(seq, excluded.seq)`},
		{&w.setMark, `
			INSERT INTO sweep (job, mark)
			VALUES (?, ?)
			ON CONFLICT (job) DO UPDATE SET mark = excluded.mark WHERE excluded.mark > mark`},
		{&w.putWork, `
			INSERT INTO application (` + workColumns + `)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (learner_id, seq) DO UPDATE
			SET number = excluded.number, programme = excluded.programme, state = excluded.state, due = excluded.due, wake = excluded.wake, facts = excluded.facts`},
		{&w.dropWork, `
			DELETE FROM application
			WHERE learner_id = ? AND seq = ?`},
		{&w.putPetition, `
			INSERT INTO petition (` + petitionColumns + `)
			VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (learner_id, seq) DO UPDATE
			SET institution = excluded.institution, state = excluded.state, since = excluded.since`},
		{&w.dropPetition, `
			DELETE FROM petition
			WHERE learner_id = ? AND seq = ?`},
		{&w.addEvidence, `
			INSERT INTO evidence (` + evidenceColumns + `)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&w.newest, `
			SELECT coalesce(max(version), 0) FROM document`},
		{&w.addDocument, `
			INSERT INTO document (version, kind, id, body, at, caller, digest, feed_id)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`},
	})
}

func (r *readStatements) prepare(ctx context.Context, p preparer) error {
	return prepare(ctx, p, []statement{
		{&r.learner, `
			SELECT learner_id, account_no, region, person_key, sealed, opened_at, digest
			FROM learner
			WHERE learner_id = ?`},
		{&r.lookup, `
			SELECT learner_id, digest
			FROM lookup
			WHERE kind = ? AND value = ?`},
		{&r.learners, `
			SELECT learner_id
			FROM learner
			WHERE learner_id > ?
			ORDER BY learner_id
			LIMIT ?`},
		{&r.movements, `
			SELECT seq, n, from_account, to_account, category, credits
			FROM ledger
			WHERE learner_id = ?
			ORDER BY seq, n`},
		{&r.account, `
			SELECT version, frozen, totals, digest
			FROM account
			WHERE learner_id = ?`},
		{&r.outcomes, `
			SELECT ` + outcomeColumns + `
			FROM outcome
			WHERE learner_id = ?
			ORDER BY seq`},
		{&r.outcome, `
			SELECT ` + outcomeColumns + `
			FROM outcome
			WHERE learner_id = ? AND institution = ? AND external_id = ? AND revision = ?`},
		{&r.acts, `
			SELECT ` + actColumns + `
			FROM act
			WHERE learner_id = ?
			ORDER BY seq`},
		{&r.learnersIn, `
			SELECT
				l.learner_id, l.account_no, l.region, l.person_key, l.sealed, l.opened_at, l.digest,
				coalesce(a.version, 0), coalesce(a.frozen, 0), coalesce(a.totals, ''), coalesce(a.digest, x'')
			FROM learner AS l
			LEFT JOIN account AS a ON a.learner_id = l.learner_id
			WHERE l.learner_id > ? AND l.learner_id <= ?
			ORDER BY l.learner_id`},
		{&r.outcomesIn, `
			SELECT ` + outcomeColumns + `
			FROM outcome
			WHERE learner_id > ? AND learner_id <= ?
			ORDER BY learner_id, seq`},
		{&r.actsIn, `
			SELECT ` + actColumns + `
			FROM act
			WHERE learner_id > ? AND learner_id <= ?
			ORDER BY learner_id, seq`},
		{&r.worklist, `
			SELECT ` + workColumns + `
			FROM application
			WHERE programme IN (SELECT value FROM json_each(?)) AND (due, learner_id, seq) > (?, ?, ?)
			ORDER BY due, learner_id, seq
			LIMIT ?`},
		{&r.cases, `
			SELECT a.learner_id, a.seq, a.kind
			FROM act AS a
			WHERE a.kind = 'case_opened' AND (a.learner_id, a.seq) > (?, ?)
			AND NOT EXISTS (
				SELECT 1
				FROM act AS d
				WHERE d.learner_id = a.learner_id AND d.seq > a.seq AND d.kind = 'case_decided'
				AND json_extract(CAST(d.body AS TEXT), '$.of') = a.seq
			)
			ORDER BY a.learner_id, a.seq
			LIMIT ?`},
		{&r.readMark, `
			SELECT seq
			FROM read_mark
			WHERE learner_id = ?`},
		{&r.concerns, `
			SELECT ` + concernColumns + `
			FROM concern
			WHERE institution = ? AND (at, learner_id, seq) < (?, ?, ?)
			ORDER BY at DESC, learner_id DESC, seq DESC
			LIMIT ?`},
		{&r.waking, `
			SELECT ` + workColumns + `
			FROM application
			WHERE wake < 99999999 AND wake <= ? AND (wake, learner_id, seq) > (?, ?, ?)
			ORDER BY wake, learner_id, seq
			LIMIT ?`},
		{&r.shown, `
			SELECT ` + workColumns + `
			FROM application
			WHERE state = 'publicity' AND (due, learner_id, seq) > (?, ?, ?)
			ORDER BY due, learner_id, seq
			LIMIT ?`},
		{&r.shownAs, `
			SELECT ` + workColumns + `
			FROM application
			WHERE number <> '' AND number = ?`},
		{&r.petitions, `
			SELECT ` + petitionColumns + `
			FROM petition
			WHERE institution IN (SELECT value FROM json_each(?)) AND (since, learner_id, seq) > (?, ?, ?)
			ORDER BY since, learner_id, seq
			LIMIT ?`},
		{&r.evidence, `
			SELECT ` + evidenceColumns + `
			FROM evidence
			WHERE learner_id = ? AND seq = ?`},
		{&r.evidenceKept, `
			SELECT seq
			FROM evidence
			WHERE learner_id = ?1
			ORDER BY seq`},
		{&r.disclosures, `
			SELECT ` + disclosureColumns + `
			FROM disclosure
			WHERE learner_id = ?1 AND (?2 = '' OR id < ?2)
			ORDER BY id DESC
			LIMIT ?3`},
		{&r.expiring, `
			SELECT expires_on, learner_id
			FROM (
				SELECT DISTINCT expires_on, learner_id
				FROM outcome
				WHERE granted AND expires_on > 0 AND (expires_on, learner_id) > (?1, ?2) AND expires_on <= ?3
				ORDER BY expires_on, learner_id
				LIMIT ?4
			)
			UNION
			SELECT expires_on, learner_id
			FROM (
				SELECT DISTINCT ` + recognisedUntil + ` AS expires_on, learner_id
				FROM act
				WHERE kind = 'recognised' AND ` + recognisedUntil + ` > 0
				AND (` + recognisedUntil + `, learner_id) > (?1, ?2) AND ` + recognisedUntil + ` <= ?3
				ORDER BY ` + recognisedUntil + `, learner_id
				LIMIT ?4
			)
			ORDER BY 1, 2
			LIMIT ?4`},
		{&r.refused, `
			SELECT learner_id
			FROM (
				SELECT DISTINCT learner_id
				FROM outcome
				WHERE NOT granted AND learner_id > ?1
				ORDER BY learner_id
				LIMIT ?2
			)
			UNION
			SELECT learner_id
			FROM (
				SELECT DISTINCT learner_id
				FROM act
				WHERE kind = 'recognised' AND learner_id > ?1
				ORDER BY learner_id
				LIMIT ?2
			)
			ORDER BY 1
			LIMIT ?2`},
		{&r.mark, `
			SELECT coalesce(max(mark), 0)
			FROM sweep
			WHERE job = ?`},
		{&r.documents, `
			SELECT version, kind, id, body, at, caller, digest
			FROM document
			WHERE version > ?
			ORDER BY version`},
		{&r.lastFeed, `
			SELECT coalesce(max(seq), 0) FROM feed`},
		{&r.feed, `
			SELECT seq, id, at
			FROM feed
			WHERE seq > ?
			ORDER BY seq
			LIMIT ?`},
		{&r.feedsRows, `
			SELECT learner_id, seq, '' FROM outcome WHERE feed_id = ?1
			UNION ALL
			SELECT learner_id, seq, kind FROM act WHERE feed_id = ?1
			ORDER BY 1, 2`},
	})
}
