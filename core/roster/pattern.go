package roster

import (
	"fmt"
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

// patternNode is a tree of pattern segments. Segment by segment a literal beats
// "+", and "+" beats "*", so the first match of a walk in that order is the
// most specific one.
type patternNode struct {
	next   map[string]*patternNode
	policy *Policy // of the pattern that ends here
}

func newPatternNode() *patternNode { return &patternNode{next: map[string]*patternNode{}} }

// put sets the policy of a pattern; nil removes it.
func (n *patternNode) put(pattern string, p *Policy) {
	for segment := range strings.SplitSeq(pattern, "/") {
		child := n.next[segment]
		if child == nil {
			child = newPatternNode()
			n.next[segment] = child
		}
		n = child
	}
	n.policy = p
}

func (n *patternNode) find(path string) *Policy {
	segment, rest, more := strings.Cut(path, "/")
	for _, key := range []string{segment, anySegment} {
		child := n.next[key]
		if child == nil {
			continue
		}
		if !more && child.policy != nil {
			return child.policy
		}
		if more {
			if p := child.find(rest); p != nil {
				return p
			}
		}
	}
	if child := n.next[anyRest]; child != nil {
		return child.policy
	}
	return nil
}
