// Package term writes for people at a terminal: Chinese with English beneath,
// wrapped to the width there is, in tables whose columns line up although a
// Chinese character is two cells wide.
//
// A [Screen] is one stream with its width, its language and whether it takes
// colour: only a terminal does, and only while NO_COLOR is not set. What is
// written to a file or a pipe is plain text of 80 columns.
//
// Characters whose width Unicode leaves open (“ ” · × and the like) count as
// one cell, as today's terminals draw them in every locale.
package term
