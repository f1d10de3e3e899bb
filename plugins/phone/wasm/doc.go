// Command wasm is the bridge between the phone app's worker and package desk. It
// is built for js/wasm only; elsewhere it is nothing but this comment, so that
// tools that look at every package find one.
//
// It sets one function in the worker's global scope:
//
//	stillvaultDesk(op, args, secrets) → {ok} or {error: {name, text}}
//
// op is the operation's name, args its arguments as JSON text, secrets an object of
// Uint8Array or undefined. ok is the result as JSON text. The arrays of secrets are
// zeroed before the function returns, whatever it returns.
package main
