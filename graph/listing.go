package graph

// Origin is where an inventory was taken, which decides how much of a task's
// definition it holds.
type Origin string

// The origins.
const (
	OriginFile     Origin = "file"              // System32\Tasks: the definition itself
	OriginSchtasks Origin = "schtasks"          // schtasks /query /xml, Export-ScheduledTask: the same
	OriginCIM      Origin = "get-scheduledtask" // all of it in other words, so that its hash may differ
	OriginCache    Origin = "taskcache"         // the registry: actions only
	OriginTable    Origin = "schtasks-table"    // schtasks /query /v as csv or list: commands only
)

// Loose says that two definitions of one task may differ where they say the
// same: only what they do can be compared.
func (o Origin) Loose() bool { return o == OriginCIM || o.Scant() }

// Scant says that principal, triggers and settings are missing.
func (o Origin) Scant() bool { return o == OriginCache || o == OriginTable }

// TaskListed is a task as an inventory of a machine has it: it exists at that
// time with that definition, whenever it was registered.
type TaskListed struct {
	Header
	Path    string
	XML     string // "" where the inventory has no definition; of OriginCIM and what is scant made from what it has
	Enabled *bool
	Origin  Origin
	// The registry's own: whether the task's SD value is missing, which hides
	// it from every listing, and its Index; nil where the inventory can't say.
	NoSD  *bool
	Index *uint32
}
