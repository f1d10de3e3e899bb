// Package signerv1 is the generated code of version 1 of the signers' contract.
// Authors of signers use package contract above it.
package signerv1
