package main

import (
	"crypto/ed25519"
	"encoding/asn1"
	"fmt"
)

// decodePoint reads an Ed25519 public key from CKA_EC_POINT. PKCS#11 3.0 says
// that it is a DER OCTET STRING for Edwards curves too; 3.1 and some tokens have
// the 32 bytes of RFC 8032 as they are.
func decodePoint(value []byte) (ed25519.PublicKey, error) {
	if len(value) == ed25519.PublicKeySize {
		return value, nil
	}
	var point []byte
	rest, err := asn1.Unmarshal(value, &point)
	if err != nil || len(rest) > 0 || len(point) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("the token's public key has %d bytes in a form that is no Ed25519 key's", len(value))
	}
	return point, nil
}
