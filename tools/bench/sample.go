package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// sample is what one contestant measured, one figure a round.
type sample []float64

// median returns the middle figure, or the mean of the middle two.
func (s sample) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// over divides round by round: what slowed the machine down during a round
// slowed both contestants.
func (s sample) over(other sample) sample {
	ratios := make(sample, len(s))
	for i := range s {
		ratios[i] = s[i] / other[i]
	}
	return ratios
}

// show prints the median and the spread.
func (s sample) show(format string) string {
	return fmt.Sprintf(format+" ["+format+" … "+format+"]", s.median(), slices.Min(s), slices.Max(s))
}

// contestant measures one figure: one round of what it stands for.
type contestant struct {
	name    string
	measure func(context.Context) (float64, error)
}

// compete runs the contestants by turns, each round beginning with another one,
// after one round that does not count. The result is by name.
func compete(ctx context.Context, rounds int, p *progress, contestants ...contestant) (map[string]sample, error) {
	figures := map[string]sample{}
	for round := range rounds + 1 {
		for i := range contestants {
			c := contestants[(i+round)%len(contestants)]
			figure, err := c.measure(ctx)
			if err = errors.Join(err, ctx.Err()); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			if round > 0 {
				figures[c.name] = append(figures[c.name], figure)
			}
		}
		if rounds <= 10 || round%10 == 0 {
			p.say("round %d of %d", round, rounds)
		}
	}
	return figures, nil
}
