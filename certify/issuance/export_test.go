package issuance

// What is tested from outside.
var (
	Shuffled = shuffled
	Slug     = slug
	ListSize = listSize
)

// Next gives out the next place.
var Next = (*StatusPosition).next
