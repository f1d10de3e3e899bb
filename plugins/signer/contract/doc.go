// Package contract is where the author of an external signer begins: a program
// that holds an organisation's Org Identity key where Stillvault cannot reach it
// by itself, such as an HSM, a smart card, a ceremony with two people or a
// service with rules of its own.
//
// # In Go
//
// Implement [Signer] and give it to [Serve]:
//
//	func main() { contract.Serve(mySigner{}) }
//
// Sign is handed the statement whole, not a hash of it. [Statement.Read] says what
// it does, so a signer can show it, ask somebody, or apply a rule, and returns
// [Refuse] with a reason for what it will not sign. What is to be signed is
// [Statement.PAE]. examples/02-signer is a whole signer in under 80 lines.
//
// The program is then named by its path and its SHA-256, wherever a signer is named:
//
//	exec:/usr/local/bin/my-signer?sha256=HEX&arg=-slot&arg=2
//
// # In another language
//
// signer.proto beside this file is the contract, version [Version], served over
// gRPC by the protocol of github.com/hashicorp/go-plugin: when
// STILLVAULT_SIGNER_PLUGIN has its value ([Handshake]) and
// PLUGIN_PROTOCOL_VERSIONS lists the version, listen on a Unix socket in
// PLUGIN_UNIX_SOCKET_DIR with a new certificate, require the client certificate
// in PLUGIN_CLIENT_CERT, serve the gRPC health service too ("plugin" is SERVING),
// and write one line to standard output:
//
//	1|1|unix|PATH|grpc|CERTIFICATE as unpadded base64 of its DER form
//
// # What a signer may rely on
//
//   - One call at a time, from one host, which started it and trusts only the
//     certificate that it wrote.
//   - A context, or gRPC deadline, that ends when nobody waits for the answer any
//     more: a minute, unless the caller chose another time.
//   - An environment of PATH, HOME, LANG, SSH_AUTH_SOCK, XDG_RUNTIME_DIR and every
//     variable that begins with STILLVAULT_SIGNER_, except the passphrase of
//     signer files. There is no VAULT_TOKEN in it; what else a signer needs, it
//     takes as arguments, from files, or under such a name. Arguments are public:
//     other users of the machine see them.
//   - Standard error goes to the log of the host, in plain lines or in those of
//     hclog's JSON form. Standard input says nothing, and ends when the host
//     does. To ask a person, open the terminal (/dev/tty): there is none in CI.
//   - The process is started for a command or for a run of Terraform, lives until
//     that ends, and is never started again in between. On Linux the kernel kills
//     it when the host dies.
//
// # What is asked of a signer
//
//   - The same key for as long as it runs: it is asked before every statement.
//   - Signatures by that key over exactly [Statement.PAE]: each is verified before
//     it is used.
//   - To refuse what it does not understand.
package contract

//go:generate go run -C ../../../tools/proto .
