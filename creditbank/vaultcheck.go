package creditbank

import (
	"context"
	"fmt"
)

// CodeWrongMaster says that a vault is not the one that people were sealed in.
const CodeWrongMaster Code = "WRONG_MASTER_KEY"

// vaultSamples is how many learners are tried before a vault is judged by them: one
// damaged row must not keep a bank from opening.
const vaultSamples = 20

// CheckVault reports a vault that opens nothing of what is stored, as WRONG_MASTER_KEY:
// with another master key no name can be read and no evidence, and what is sealed with
// it from now on could not be read with the right one. It is asked before a bank is
// used. Whoever is erased says nothing of it, nor does a store without learners.
func CheckVault(ctx context.Context, s Store, v Vault) error {
	ids, err := s.Learners(ctx, "", vaultSamples)
	if err != nil {
		return fmt.Errorf("check the master key: %w", err)
	}
	tried := 0
	for _, id := range ids {
		l, err := s.Learner(ctx, id)
		if ctx.Err() != nil {
			return fmt.Errorf("check the master key: %w", context.Cause(ctx))
		}
		if err != nil || len(l.Key) == 0 {
			continue // damaged, or erased: doctor tells
		}
		if _, err := v.Unseal(id, l.Key, l.Sealed); err == nil {
			return nil
		}
		tried++
	}
	if tried == 0 {
		return nil
	}
	return Conflict(CodeWrongMaster, "keys_dir", "主密钥不是这本账所用的：无法读出任何学习者；请从密钥备份恢复 keys_dir",
		"the master key is not the one of this ledger: nobody's name can be read with it; restore keys_dir from the copy of the keys")
}
