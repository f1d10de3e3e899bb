// Package value reads secrets from the command line's arguments and prints
// them, in the forms that the vault command has taught everybody.
//
// A secret is a JSON object. Where it comes from one place, [Read] keeps its
// text byte for byte, so that numbers, key order and spelling survive;
// [Object] looks into it without turning numbers into floats.
package value
