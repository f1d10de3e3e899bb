package main

import (
	"bytes"
	"context"
	"crypto/hpke"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/core/secret"
)

// value is a secret of 1 KiB of JSON.
func value() []byte {
	const frame = `{"value":""}`
	return fmt.Appendf(nil, `{"value":%q}`, strings.Repeat("x", 1024-len(frame)))
}

// Contestants of the seal table. Each seals 1 KiB to three people and opens it
// as the first of them.
const (
	stillvaultSeal = "stillvault"
	ageText        = "age, keys read from text"
	ageReady       = "age, keys parsed beforehand"
	bareBytes      = "crypto/hpke, keys read from bytes"
	bareReady      = "crypto/hpke, keys parsed beforehand"
	// What Stillvault does beside, alone.
	bareConfined = "crypto/hpke, keys read from bytes, inside runtime/secret"
	signatures   = "two Ed25519 signatures made and verified"
)

// measureSeal compares sealing and opening.
func measureSeal(ctx context.Context, e effort, p *progress) ([]table, error) {
	ours, err := stillvaultOnce()
	if err != nil {
		return nil, err
	}
	text, ready, err := ageOnce()
	if err != nil {
		return nil, err
	}
	bare, bareParsed, err := hpkeOnce()
	if err != nil {
		return nil, err
	}
	figures, err := compete(ctx, e.sealRounds, p,
		timed(stillvaultSeal, e.seals, ours), timed(ageText, e.seals, text), timed(ageReady, e.seals, ready),
		timed(bareBytes, e.seals, bare), timed(bareReady, e.seals, bareParsed),
		timed(bareConfined, e.seals, confined(bare)), timed(signatures, e.seals, signOnce()))
	if err != nil {
		return nil, err
	}
	t := table{
		title:  "Seal 1 KiB to 3 approvers and open it as one of them",
		header: []string{"", "ms", "stillvault takes", "goal", ""},
	}
	t.row(stillvaultSeal, figures[stillvaultSeal].show("%.3f"), "", "", "")
	for _, other := range []struct {
		name string
		goal goal
	}{{ageText, atMost(0.8)}, {ageReady, atMost(0.8)}, {bareBytes, atMost(1.3)}, {bareReady, atMost(1.3)}} {
		ratio := figures[stillvaultSeal].over(figures[other.name])
		t.row(append([]string{other.name, figures[other.name].show("%.3f"), ratio.show("%.2f ×")}, other.goal.judge(ratio.median())...)...)
	}
	t.row(bareConfined, figures[bareConfined].show("%.3f"), "", "", "")
	t.row(signatures, figures[signatures].show("%.3f"), "", "", "")
	t.note("Stillvault seals the shares on all %d cores, which helps as far as nothing else keeps them busy. Beyond the bare calls it", runtime.GOMAXPROCS(0))
	t.note("erases what they leave in memory (%.3f ms), signs header and wrap set and verifies both (%.3f ms), shares the root,",
		figures[bareConfined].median()-figures[bareBytes].median(), figures[signatures].median())
	t.note("commits to every share and to the payload, and reads and writes JSON. age and crypto/hpke do none of this. The bare calls")
	least := figures[bareConfined].median() + figures[signatures].median()
	t.note("inside runtime/secret and the signatures, one after the other, come to %.2f × the bare calls and %.2f × age, keys read. Public", least/figures[bareBytes].median(), least/figures[ageText].median())
	t.note("keys parsed once and the other cores give some of that back. A keyring is kept as a 32-byte seed: the expanded key, which")
	t.note("keeping would spare, cannot be wiped.")
	return []table{t}, nil
}

// confined runs a contestant as Stillvault runs what touches keys.
func confined(once func() error) func() error {
	return func() (err error) {
		envelope.Confine(func() { err = once() })
		return err
	}
}

// signOnce signs and verifies two messages of a kilobyte.
func signOnce() func() error {
	signer, message := envelope.NewSigningKey(envelope.NewKey()), value()
	return func() error {
		for range 2 {
			signature, err := signer.Sign(envelope.TypeHeader, message)
			if err != nil {
				return err
			}
			signed := envelope.Signed{
				Type: envelope.TypeHeader, Payload: message,
				Signatures: []envelope.Signature{{Key: signer.Public(), Bytes: signature}},
			}
			if err := signed.Verify(envelope.TypeHeader, signer.Public()); err != nil {
				return err
			}
		}
		return nil
	}
}

// timed measures the mean milliseconds of n operations.
func timed(name string, n int, once func() error) contestant {
	return contestant{name, func(context.Context) (float64, error) {
		runtime.GC() // nobody pays for what another left behind
		start := time.Now()
		for range n {
			if err := once(); err != nil {
				return 0, err
			}
		}
		return time.Since(start).Seconds() * 1e3 / float64(n), nil
	}}
}

// stillvaultOnce seals as an author with the roster in memory, and verifies and
// opens as an approver whose keyring a factor has just opened: a 32-byte seed.
func stillvaultOnce() (func() error, error) {
	o, err := found(approvers)
	if err != nil {
		return nil, err
	}
	signer := envelope.NewSigningKey(envelope.NewKey())
	author := envelope.NewID()
	err = o.admitConsumer(roster.ConsumerAdmit{ID: author, Name: "author", Kind: roster.ConsumerHost, Signing: signer.Public()}, 1)
	if err != nil {
		return nil, err
	}
	draft := secret.Draft{Mount: envelope.NewID(), Secret: envelope.NewID(), Path: "prod/db", Version: 1, Author: author}
	plain := value()
	return func() error {
		v, err := secret.Seal(o.roster, draft, plain, signer, time.Now())
		if err != nil {
			return err
		}
		verified, err := v.Verify(o.roster, draft.Mount, draft.Path)
		if err != nil {
			return err
		}
		share, err := verified.OpenShare(o.people[0].keyring)
		if err != nil {
			return err
		}
		defer share.Wipe()
		opened, err := verified.Combine([]*secret.Share{share})
		envelope.Wipe(opened)
		return err
	}, nil
}

// ageOnce returns the same with age's post-quantum recipients: reading them and
// the identity from their textual form each time, as the age command does, and
// with both parsed beforehand.
func ageOnce() (text, ready func() error, err error) {
	var lines []string
	var to []age.Recipient
	var first *age.HybridIdentity
	for range approvers {
		id, err := age.GenerateHybridIdentity()
		if err != nil {
			return nil, nil, err
		}
		if first == nil {
			first = id
		}
		to, lines = append(to, id.Recipient()), append(lines, id.Recipient().String())
	}
	plain, secretLine := value(), first.String()
	text = func() error {
		parsed := make([]age.Recipient, len(lines))
		for i, line := range lines {
			if parsed[i], err = age.ParseHybridRecipient(line); err != nil {
				return err
			}
		}
		return ageSealAndOpen(plain, parsed, func() (age.Identity, error) { return age.ParseHybridIdentity(secretLine) })
	}
	ready = func() error {
		return ageSealAndOpen(plain, to, func() (age.Identity, error) { return first, nil })
	}
	return text, ready, nil
}

func ageSealAndOpen(plain []byte, to []age.Recipient, identity func() (age.Identity, error)) error {
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, to...)
	if err != nil {
		return err
	}
	if _, err := w.Write(plain); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	id, err := identity()
	if err != nil {
		return err
	}
	r, err := age.Decrypt(&sealed, id)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r)
	return err
}

// hpkeOnce returns the bare calls: a 64-byte share (what Stillvault seals to
// each approver) to three keys, and one of them opened again.
func hpkeOnce() (read, ready func() error, err error) {
	kem := hpke.MLKEM768X25519()
	var publicBytes [][]byte
	var public []hpke.PublicKey
	var private hpke.PrivateKey
	for range approvers {
		if private, err = kem.GenerateKey(); err != nil {
			return nil, nil, err
		}
		public = append(public, private.PublicKey())
		publicBytes = append(publicBytes, private.PublicKey().Bytes())
	}
	privateBytes, err := private.Bytes()
	if err != nil {
		return nil, nil, err
	}
	read = func() error {
		parsed := make([]hpke.PublicKey, len(publicBytes))
		for i, b := range publicBytes {
			if parsed[i], err = kem.NewPublicKey(b); err != nil {
				return err
			}
		}
		return hpkeSealAndOpen(parsed, func() (hpke.PrivateKey, error) { return kem.NewPrivateKey(privateBytes) })
	}
	ready = func() error {
		return hpkeSealAndOpen(public, func() (hpke.PrivateKey, error) { return private, nil })
	}
	return read, ready, nil
}

// hpkeSealAndOpen seals to every key and opens what was sealed to the last.
func hpkeSealAndOpen(to []hpke.PublicKey, private func() (hpke.PrivateKey, error)) error {
	share := make([]byte, 64)
	var sealed []byte
	for _, key := range to {
		var err error
		if sealed, err = hpke.Seal(key, hpke.HKDFSHA256(), hpke.AES256GCM(), nil, share); err != nil {
			return err
		}
	}
	key, err := private()
	if err != nil {
		return err
	}
	_, err = hpke.Open(key, hpke.HKDFSHA256(), hpke.AES256GCM(), nil, sealed)
	return err
}
