// Command wasm is the bridge between the phone app's worker and package desk. It
// is built for js/wasm; elsewhere it only says so, so that whatever looks at every
// package can build it.
//
// It sets one function in the worker's global scope, and calls stillvaultReady
// there, if that is a function, when it has:
//
//	stillvaultDesk(op, args, secrets) → {ok} or {error: {name, text}}
//
// op is the operation's name, args its arguments as JSON text, secrets an object of
// Uint8Array or undefined. ok is the result as JSON text. The arrays of secrets are
// zeroed before the function returns, whatever it returns.
package main
