package attack_test

import (
	"github.com/stillvault/stillvault/core/approval"
	"github.com/stillvault/stillvault/core/envelope"
)

// contextAttacks change what the approver is shown.
var contextAttacks = []attack{
	{"the reason edited", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { r.Reason = "routine" })
	}, envelope.ErrSignature},
	{"the requester's name edited", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { r.Origin.Requester = "alice's assistant" })
	}, envelope.ErrSignature},
	{"the requester's entity edited", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { r.Origin.Entity = "entity-nobody" })
	}, envelope.ErrSignature},
	{"the requester's address edited", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { r.Origin.Remote = "127.0.0.1" })
	}, envelope.ErrSignature},
	{"the executable's hash edited", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { r.Origin.ExecutableHash = envelope.SumHash() })
	}, envelope.ErrSignature},
	{"the path shown edited", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { r.Path = pathAPI })
	}, envelope.ErrSignature},
	{"the lease shown edited", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { r.Lease = 60 })
	}, envelope.ErrSignature},
	{"the deadline shown edited", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { r.Deadline-- })
	}, envelope.ErrSignature},
	{"a reason that reads backwards", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { r.Reason = "deploy \u202egnp.exe" }, s.host.Signer)
	}, approval.ErrRequest},
	{"a requester with a line break", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { r.Origin.Requester = "deploy\nApproved by security" }, s.host.Signer)
	}, approval.ErrRequest},
	{"a mount that poses as a host", func(s *stage) error {
		mount := s.reportingMount()
		return s.reviewed(func(r *approval.Request) { r.Consumer = mount.ID }, mount.Signer)
	}, approval.ErrRequest},
	{"a host that poses as the mount", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { r.Origin.Reported = true }, s.host.Signer)
	}, approval.ErrRequest},
	{"a requester without an entity", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { r.Origin.Entity = "" }, s.host.Signer)
	}, approval.ErrRequesterUnknown},
	{"the approver's own request", func(s *stage) error {
		return s.reviewed(func(r *approval.Request) { r.Origin.Entity = "entity-alice" }, s.host.Signer)
	}, approval.ErrSelfApproval},
	{"the match code of another request", func(s *stage) error {
		c, err := s.alice.review(s.ask(pathDB, s.db[2]).item(), s.Now)
		s.Must(err)
		return c.Compare(approval.MatchCode(s.ask(pathDB, s.db[2]).signed.Hash()))
	}, approval.ErrMatchCode},
	{"a match code that nobody compared", func(s *stage) error {
		p := s.prod
		p.MatchCode = true
		s.SetPolicy(p)
		s.everybodyLearns()
		_, err := s.alice.approve(s.ask(pathDB, s.db[2]).item(), s.Now)
		return err
	}, approval.ErrMatchCode},
}
