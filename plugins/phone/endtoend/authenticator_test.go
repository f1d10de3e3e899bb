package endtoend

import (
	"github.com/chromedp/cdproto/webauthn"
)

// authenticatorOptions say what an authenticator lacks; the zero value is one
// that passkeys want: resident keys, user verification that succeeds, PRF.
type authenticatorOptions struct {
	noPRF          bool
	noVerification bool // cannot verify its user
	unverified     bool // can, and the user fails
	lyingFlag      bool // verifies, and says that it did not
	none           bool // there is no authenticator at all
}

// authenticator is the virtual authenticator of a phone.
type authenticator struct {
	phone *phone
	id    webauthn.AuthenticatorID
}

func addAuthenticator(p *phone, o authenticatorOptions) *authenticator {
	p.t.Helper()
	p.must(call(p, webauthn.Enable, webauthn.EnableParams{}))
	a := &authenticator{phone: p}
	if o.none {
		return a
	}
	added, err := ask(p, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: "ctap2", Ctap2version: "ctap2_1", Transport: "internal",
			HasResidentKey: true, HasUserVerification: !o.noVerification, HasPrf: !o.noPRF,
			AutomaticPresenceSimulation: true, IsUserVerified: !o.noVerification && !o.unverified,
		},
	})
	p.must(err)
	a.id = added.AuthenticatorID
	a.lie(o.lyingFlag)
	return a
}

// lie clears the flag that says the user was verified, from now on.
func (a *authenticator) lie(clear bool) {
	a.phone.t.Helper()
	a.phone.must(call(a.phone, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: a.id, IsBadUV: &clear}))
}

// verify says whether the user passes the next verifications.
func (a *authenticator) verify(passes bool) {
	a.phone.t.Helper()
	a.phone.must(call(a.phone, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: a.id, IsUserVerified: passes}))
}

// changingPRF makes the page's nth evaluation of a passkey, counted from 1, and
// every later one answer another PRF output than the authenticator's.
// __changePRF(n) moves n later.
const changingPRF = `(() => {
  let count = 0;
  let from = Infinity;
  globalThis.__changePRF = (n) => { from = count + n; };
  const get = CredentialsContainer.prototype.get;
  CredentialsContainer.prototype.get = async function (options) {
    const credential = await get.call(this, options);
    if (++count < from) return credential;
    const results = credential.getClientExtensionResults();
    const first = new Uint8Array(results.prf.results.first).map((b, i) => i === 0 ? b ^ 1 : b);
    const changed = { ...results, prf: { ...results.prf, results: { first: first.buffer } } };
    Object.defineProperty(credential, 'getClientExtensionResults', { value: () => changed });
    return credential;
  };
})();`
