//go:build cgo

package main

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/miekg/pkcs11"
)

// Of PKCS#11 3.0, which the library's Go package does not name yet.
const (
	ckkECEdwards = 0x00000040
	ckmEdDSA     = 0x00001057
)

// find looks for the private key that was named, and its public key.
func (t *token) find() error {
	named := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, ckkECEdwards)}
	if t.settings.key != "" {
		named = append(named, pkcs11.NewAttribute(pkcs11.CKA_LABEL, t.settings.key))
	}
	if len(t.settings.id) > 0 {
		named = append(named, pkcs11.NewAttribute(pkcs11.CKA_ID, t.settings.id))
	}
	var err error
	if t.private, err = t.only("private key", pkcs11.CKO_PRIVATE_KEY, named); err != nil {
		return err
	}
	// The id is what a token's two halves of a pair have in common; labels may differ.
	attributes, err := t.library.GetAttributeValue(t.session, t.private, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_ID, nil)})
	if err == nil && len(attributes[0].Value) > 0 {
		named = []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, ckkECEdwards), attributes[0]}
	}
	t.public, err = t.only("public key", pkcs11.CKO_PUBLIC_KEY, named)
	return err
}

// only returns the one object of a class with these attributes.
func (t *token) only(what string, class uint, attributes []*pkcs11.Attribute) (pkcs11.ObjectHandle, error) {
	template := append([]*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_CLASS, class)}, attributes...)
	if err := t.library.FindObjectsInit(t.session, template); err != nil {
		return 0, explain("look for the "+what, err)
	}
	found, _, err := t.library.FindObjects(t.session, 2)
	if err := errors.Join(err, t.library.FindObjectsFinal(t.session)); err != nil {
		return 0, explain("look for the "+what, err)
	}
	switch len(found) {
	case 0:
		return 0, fmt.Errorf("the token has no Ed25519 %s %s", what, t.settings.keyNamed())
	case 1:
		return found[0], nil
	}
	return 0, fmt.Errorf("the token has more than one Ed25519 %s %s; name it by --key and --id", what, t.settings.keyNamed())
}

// keyNamed says which key, for people.
func (s settings) keyNamed() string {
	switch {
	case len(s.id) == 0:
		return fmt.Sprintf("labelled %q", s.key)
	case s.key == "":
		return fmt.Sprintf("with id %x", s.id)
	}
	return fmt.Sprintf("labelled %q with id %x", s.key, s.id)
}

// asksAgain says whether the key wants the PIN for every signature.
func (t *token) asksAgain() bool {
	attributes, err := t.library.GetAttributeValue(t.session, t.private, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_ALWAYS_AUTHENTICATE, nil)})
	return err == nil && bytes.Equal(attributes[0].Value, []byte{1})
}
