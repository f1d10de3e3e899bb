package secret_test

import (
	"errors"
	"fmt"

	"filippo.io/edwards25519"

	"github.com/stillvault/stillvault/core/secret"
)

// algebra writes every scalar of a version's life as a linear combination of scalars
// that were drawn at random, independently of each other. The first of them is the
// root. What is in the span of what people hold, they can work out; of everything
// else they know nothing at all, since the rest is uniformly random.
//
// It is a model of the scheme, and held against reality: the pieces that people were
// really dealt have to lie on polynomials whose coefficients the code really drew,
// each of them once.
type algebra struct {
	drawn     map[[32]byte]bool // by the code, and not yet found in what it dealt
	variables int
}

// combination has a factor for each variable; those it is too short for are zero.
type combination []edwards25519.Scalar

func scalar(b []byte) *edwards25519.Scalar {
	s, err := edwards25519.NewScalar().SetCanonicalBytes(b)
	if err != nil {
		panic(err)
	}
	return s
}

func number(n uint32) *edwards25519.Scalar {
	b := make([]byte, 32)
	b[0], b[1] = byte(n), byte(n>>8)
	return scalar(b)
}

var nothing = edwards25519.NewScalar()

// plus adds a multiple of another combination.
func (c combination) plus(factor *edwards25519.Scalar, other combination) combination {
	sum := append(combination{}, c...)
	for i := range other {
		if i == len(sum) {
			sum = append(sum, *edwards25519.NewScalar())
		}
		if other[i].Equal(nothing) != 1 {
			sum[i].MultiplyAdd(factor, &other[i], &sum[i])
		}
	}
	return sum
}

// fresh is a new variable, which has to be something that the code drew for nothing
// else.
func (a *algebra) fresh(real *edwards25519.Scalar) (combination, error) {
	key := [32]byte(real.Bytes())
	if !a.drawn[key] {
		return nil, errors.New("what has to be random was not drawn, or was used before")
	}
	delete(a.drawn, key)
	c := make(combination, a.variables+1)
	c[a.variables].Set(number(1))
	a.variables++
	return c, nil
}

// zero interpolates at zero.
func zero(xs []uint32, ys []*edwards25519.Scalar) *edwards25519.Scalar {
	sum := edwards25519.NewScalar()
	for i := range xs {
		factor := number(1)
		for j := range xs {
			if j != i {
				over := edwards25519.NewScalar().Subtract(number(xs[j]), number(xs[i]))
				factor.Multiply(factor, number(xs[j])).Multiply(factor, over.Invert(over))
			}
		}
		sum.MultiplyAdd(factor, ys[i], sum)
	}
	return sum
}

// coefficients are those of the polynomial through points, the constant first.
func coefficients(xs []uint32, ys []*edwards25519.Scalar) []*edwards25519.Scalar {
	if len(xs) == 0 {
		return nil
	}
	constant, rest := zero(xs, ys), make([]*edwards25519.Scalar, len(ys)-1)
	for i := range rest {
		rest[i] = edwards25519.NewScalar().Subtract(ys[i], constant)
		rest[i].Multiply(rest[i], edwards25519.NewScalar().Invert(number(xs[i])))
	}
	return append([]*edwards25519.Scalar{constant}, coefficients(xs[:len(rest)], rest)...)
}

// dealing finds the combinations of what one dealer dealt to all seats. value is the
// combination of what they held, real what that was, and pieces what arrived.
func (a *algebra) dealing(access []secret.Access, seats []secret.Seat, value combination, real *edwards25519.Scalar, pieces []*edwards25519.Scalar) ([]combination, error) {
	found := make([]combination, len(seats))
	rest, left := value, edwards25519.NewScalar().Set(real)
	last := len(access) - 1
	if access[last].BreakGlass {
		last--
	}
	for q, its := range access {
		points := pointsOf(uint32(q), seats, pieces)
		drawn := coefficients(points.xs[:its.M], points.ys[:its.M])
		polynomial := []combination{value}
		var err error
		switch {
		case q < last:
			if polynomial[0], err = a.fresh(drawn[0]); err == nil {
				rest = rest.plus(minus, polynomial[0])
				left.Subtract(left, drawn[0])
			}
		case q == last:
			if polynomial[0] = rest; left.Equal(drawn[0]) != 1 {
				err = errValue
			}
		case real.Equal(drawn[0]) != 1:
			err = errValue
		}
		for _, c := range drawn[1:] {
			variable, failed := a.fresh(c)
			polynomial, err = append(polynomial, variable), errors.Join(err, failed)
		}
		if err != nil {
			return nil, fmt.Errorf("requirement %d: %w", q, err)
		}
		for j, i := range points.seats {
			at, real := evaluate(polynomial, drawn, points.xs[j])
			if real.Equal(pieces[i]) != 1 {
				return nil, fmt.Errorf("requirement %d: the pieces are on no polynomial of degree %d", q, its.M-1)
			}
			found[i] = at
		}
	}
	return found, nil
}

var errValue = errors.New("the parts do not add up to what the dealer held")

var minus = edwards25519.NewScalar().Negate(number(1))

type points struct {
	seats []int
	xs    []uint32
	ys    []*edwards25519.Scalar
}

// pointsOf are the pieces of one requirement.
func pointsOf(q uint32, seats []secret.Seat, pieces []*edwards25519.Scalar) (p points) {
	for i, s := range seats {
		if s.Requirement == q {
			p.seats, p.xs, p.ys = append(p.seats, i), append(p.xs, s.X), append(p.ys, pieces[i])
		}
	}
	return p
}

// evaluate is the value of a polynomial, as a combination and as it really was.
func evaluate(of []combination, real []*edwards25519.Scalar, x uint32) (at combination, value *edwards25519.Scalar) {
	value, power := edwards25519.NewScalar(), number(1)
	for j := range of {
		at = at.plus(power, of[j])
		value.MultiplyAdd(power, real[j], value)
		power = edwards25519.NewScalar().Multiply(power, number(x))
	}
	return at, value
}

// span is what can be worked out from combinations, as a basis: each of its rows is
// zero where an earlier one has its pivot.
type span struct {
	rows   []combination
	pivots []int
}

// reduce takes away from a combination what the span has of it.
func (s *span) reduce(c combination) combination {
	for i, row := range s.rows {
		if p := s.pivots[i]; p < len(c) && c[p].Equal(nothing) != 1 {
			c = c.plus(edwards25519.NewScalar().Negate(&c[p]), row)
		}
	}
	return c
}

func (s *span) add(c combination) {
	c = s.reduce(c)
	for p := range c {
		if c[p].Equal(nothing) != 1 {
			s.rows = append(s.rows, combination{}.plus(edwards25519.NewScalar().Invert(&c[p]), c))
			s.pivots = append(s.pivots, p)
			return
		}
	}
}

func (s *span) has(c combination) bool {
	for _, left := range s.reduce(c) {
		if left.Equal(nothing) != 1 {
			return false
		}
	}
	return true
}
