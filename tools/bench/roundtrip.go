package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// roundTrip has a read of a secret block, says yes to it, and returns how long
// it takes from the answer's posting to the end of the read.
func (s *site) roundTrip(ctx context.Context, a *approver, path string) (time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	read := s.startRead(ctx, ours, path)
	said, err := a.answerTo(ctx, path)
	if err != nil {
		return 0, errors.Join(err, read.failed())
	}
	return read.after(func() error { return a.calls.post(ctx, ours+"/device/answer", said.body) })
}

// nullRoundTrip is the same in the null engine.
func (s *site) nullRoundTrip(ctx context.Context, a *approver, path string, body []byte) (time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	read := s.startRead(ctx, null, path)
	err := await(ctx, "a blocked reader", func() (bool, error) {
		n, err := s.waitingReaders(ctx, null)
		return n > 0, errors.Join(err, read.failed())
	})
	if err != nil {
		return 0, err
	}
	return read.after(func() error { return a.calls.post(ctx, null+"/answer/"+path, body) })
}

func (s *site) waitingReaders(ctx context.Context, mount string) (int, error) {
	body, err := s.user.get(ctx, mount+"/status")
	if err != nil {
		return 0, err
	}
	var status struct {
		Data struct {
			Waiting int `json:"waiting_readers"`
		} `json:"data"`
	}
	err = json.Unmarshal(body, &status)
	return status.Data.Waiting, err
}

// reading is a read that blocks.
type reading struct {
	ended chan struct{} // closed when it has
	at    time.Time     // when it ended
	err   error
}

var reasons atomic.Uint64 // numbers them

// startRead reads with a reason of its own: to who asked for the same before,
// Stillvault hands out the same once more without asking anybody.
func (s *site) startRead(ctx context.Context, mount, path string) *reading {
	r := &reading{ended: make(chan struct{})}
	query := fmt.Sprintf("?reason=%d", reasons.Add(1))
	go func() {
		defer close(r.ended)
		var body []byte
		body, r.err = s.user.get(ctx, mount+"/secret/"+path+query)
		r.at = time.Now()
		if r.err == nil && len(body) < 1024 {
			r.err = fmt.Errorf("read %s/secret/%s: an answer of %d bytes", mount, path, len(body))
		}
	}()
	return r
}

// failed returns why the read has ended, if it has.
func (r *reading) failed() error {
	select {
	case <-r.ended:
		return r.err
	default:
		return nil
	}
}

// after answers, and returns how long it took until the read ended.
func (r *reading) after(answer func() error) (time.Duration, error) {
	start := time.Now()
	if err := answer(); err != nil {
		return 0, err
	}
	<-r.ended
	return r.at.Sub(start), r.err
}
