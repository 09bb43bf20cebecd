// Package embedded keeps a whole credit bank in a folder: for a pilot, a village
// point without a network, the demo.
//
//	bank.json      says that this is a bank, and how it is set up
//	bank.db        the ledger (package sqlite), with its -wal and -shm
//	keys/          keys; the folder is 0700, the files 0600
//	anchor.log     the local anchor of the log of certificates (chain/local)
//	aliases.tsv    names of the user's choosing for accounts, such as L2
//
// Several processes may work in one folder: the ledger takes their writes one
// after the other, and the files beside it are written once or only added to.
package embedded
