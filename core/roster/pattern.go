package roster

import (
	"fmt"
	"slices"
	"strings"
)

// Wildcards of a pattern: one whole segment, or all that remain.
const (
	anySegment  = "+"
	anyRest     = "*"
	maxSegments = 32
)

// CheckPattern returns [ErrPath] for a pattern that no policy may have. A
// pattern matches per segment; "+" stands for one segment, a trailing "*" for
// one or more.
func CheckPattern(pattern string) error {
	segments := strings.Split(pattern, "/")
	if len(segments) > maxSegments {
		return fmt.Errorf("%d segments, limit %d: %w", len(segments), maxSegments, ErrPath)
	}
	plain := make([]string, len(segments))
	for i, s := range segments {
		plain[i] = s
		if s == anySegment || s == anyRest && i == len(segments)-1 {
			plain[i] = "x"
		}
	}
	return CheckPath(strings.Join(plain, "/"))
}

// Matches says whether a pattern is for a path, whatever other patterns there
// are; [ErrPath] where either is none.
func Matches(pattern, path string) (bool, error) {
	if err := CheckPattern(pattern); err != nil {
		return false, fmt.Errorf("pattern: %w", err)
	}
	if err := CheckPath(path); err != nil {
		return false, fmt.Errorf("path: %w", err)
	}
	var alone patternNode
	alone.put(&policyRecord{policy: &Policy{Pattern: pattern}})
	return alone.find(path, today) != nil, nil
}

// patternNode is a tree of pattern segments. Segment by segment a literal beats
// "+", and "+" beats "*", so the first match of a walk in that order is the
// most specific one.
type patternNode struct {
	next map[string]*patternNode
	// policies are those whose pattern ends here, oldest first. At every
	// statement at most one of them was in force.
	policies []*policyRecord
}

// put adds a record, later than all others, at its policy's pattern.
func (n *patternNode) put(rec *policyRecord) {
	for segment := range strings.SplitSeq(rec.policy.Pattern, "/") {
		child := n.next[segment]
		if child == nil {
			child = new(patternNode)
			if n.next == nil {
				n.next = map[string]*patternNode{}
			}
			n.next[segment] = child
		}
		n = child
	}
	n.policies = append(n.policies, rec)
}

// exactly returns the record in force of a pattern, or nil.
func (n *patternNode) exactly(pattern string) *policyRecord {
	for segment := range strings.SplitSeq(pattern, "/") {
		if n = n.next[segment]; n == nil {
			return nil
		}
	}
	return n.at(today)
}

// at returns the record that was in force at a statement, or nil. Most look for
// the last.
func (n *patternNode) at(seq uint64) *policyRecord {
	for _, rec := range slices.Backward(n.policies) {
		if rec.from <= seq {
			if rec.until == 0 || seq < rec.until {
				return rec
			}
			return nil
		}
	}
	return nil
}

// find returns the most specific policy for a path at a statement, or nil.
func (n *patternNode) find(path string, seq uint64) *Policy {
	segment, rest, more := strings.Cut(path, "/")
	for _, key := range []string{segment, anySegment} {
		child := n.next[key]
		switch {
		case child == nil:
		case more:
			if p := child.find(rest, seq); p != nil {
				return p
			}
		default:
			if rec := child.at(seq); rec != nil {
				return rec.policy
			}
		}
	}
	if child := n.next[anyRest]; child != nil {
		if rec := child.at(seq); rec != nil {
			return rec.policy
		}
	}
	return nil
}

// clone copies the tree and hands every record that is in force, a copy too, to
// added.
func (n *patternNode) clone(added func(*policyRecord)) *patternNode {
	c := new(patternNode)
	if n.next != nil {
		c.next = make(map[string]*patternNode, len(n.next))
	}
	for segment, child := range n.next {
		c.next[segment] = child.clone(added)
	}
	c.policies = slices.Clone(n.policies)
	for i, rec := range c.policies {
		if rec.until == 0 {
			inForce := *rec
			c.policies[i] = &inForce
			added(&inForce)
		}
	}
	return c
}
