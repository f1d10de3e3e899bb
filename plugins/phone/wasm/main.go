//go:build js && wasm

package main

import (
	"encoding/json"
	"syscall/js"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/phone/desk"
)

// maxSecret is more than any password, recovery key or PRF output, in bytes.
const maxSecret = 4096

func main() {
	d := desk.New(nil)
	js.Global().Set("stillvaultDesk", js.FuncOf(func(_ js.Value, args []js.Value) any {
		return answer(d, args)
	}))
	if ready := js.Global().Get("stillvaultReady"); ready.Type() == js.TypeFunction {
		ready.Invoke()
	}
	select {} // the function is called until the worker ends
}

// answer runs one operation. A panic is an error like others, but for what it
// says: nobody knows what stands in it.
func answer(d *desk.Desk, args []js.Value) (reply map[string]any) {
	defer func() {
		if recover() != nil {
			reply = refusal(desk.Problem{Name: desk.Internal, Text: desk.Internal + ": something went wrong that should not have; reload the page"})
		}
	}()
	if len(args) < 2 || args[0].Type() != js.TypeString || args[1].Type() != js.TypeString {
		return refusal(*desk.ProblemOf(desk.ErrArguments))
	}
	secrets := desk.Secrets{}
	defer func() {
		for _, b := range secrets {
			envelope.Wipe(b)
		}
	}()
	if len(args) > 2 && args[2].Type() == js.TypeObject {
		if err := take(args[2], secrets); err != nil {
			return refusal(*desk.ProblemOf(err))
		}
	}
	ok, err := d.Do(args[0].String(), []byte(args[1].String()), secrets)
	if err != nil {
		return refusal(*desk.ProblemOf(err))
	}
	text, err := json.Marshal(ok)
	if err != nil {
		return refusal(*desk.ProblemOf(err))
	}
	return map[string]any{"ok": string(text)}
}

func refusal(p desk.Problem) map[string]any {
	return map[string]any{"error": map[string]any{"name": p.Name, "text": p.Text}}
}

// take copies the arrays of an object in, and zeroes them there.
func take(object js.Value, secrets desk.Secrets) error {
	names := js.Global().Get("Object").Call("keys", object)
	array := js.Global().Get("Uint8Array")
	var failed error
	for i := range names.Length() {
		name := names.Index(i).String()
		value := object.Get(name)
		if !value.InstanceOf(array) {
			failed = desk.ErrArguments
			continue
		}
		if n := value.Length(); n <= maxSecret {
			b := make([]byte, n)
			js.CopyBytesToGo(b, value)
			secrets[name] = b
		} else {
			failed = desk.ErrArguments
		}
		value.Call("fill", 0)
	}
	return failed
}
