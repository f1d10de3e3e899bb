package main

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// renewedPair is a certificate with its key, in files that somebody renews.
type renewedPair struct {
	cert, key string

	mu     sync.Mutex
	looked time.Time // when the files were last looked at
	stamp  time.Time // of the certificate's file that was read
	pair   *tls.Certificate
}

// lookEvery bounds how often the files are looked at.
const lookEvery = time.Minute

// get returns the certificate as its files are now. While a renewal is half
// written, the one before is still good.
func (p *renewedPair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pair != nil && time.Since(p.looked) < lookEvery {
		return p.pair, nil
	}
	p.looked = time.Now()
	info, err := os.Stat(p.cert)
	if err == nil && p.pair != nil && info.ModTime().Equal(p.stamp) {
		return p.pair, nil
	}
	if err == nil {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(p.cert, p.key); err == nil {
			p.pair, p.stamp = &pair, info.ModTime()
		}
	}
	if p.pair == nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	return p.pair, nil
}
