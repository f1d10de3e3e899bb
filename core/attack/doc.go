// Package attack holds no code of the product: its tests put a lying broker
// between honest parties, who use the same entry points as in production and
// their own memory, and hold every lie against the error that must name it.
package attack
