// Package graph is the vocabulary: what a host, a task, a process and a remote
// endpoint are, what makes two sightings the same thing, how each is spelled
// in the database, and what one source record can say about them.
//
// It imports nothing of ours and does no I/O.
package graph

// Labels of nodes that users see. docs/schema.md says what each holds.
const (
	LabelHost           = "Host"
	LabelTask           = "Task"
	LabelTaskDefinition = "TaskDefinition"
	LabelProcess        = "Process"
	LabelEndpoint       = "Endpoint"
	LabelDomain         = "Domain"
	LabelUser           = "User"
	LabelAccess         = "Access"   // a logon, or a call from the network, that a host saw
	LabelAddress        = "Address"  // an IP address that a host had
	LabelCoverage       = "Coverage" // what kinds of records a host gave on a day
)

// Labels of the product's own book-keeping.
const (
	LabelImport     = "Import"     // one run of the loader
	LabelLaunch     = "Launch"     // what TaskScheduler/Operational says of one run of a task
	LabelHunt       = "Hunt"       // a batch hunt, with the lease of whoever runs it
	LabelHuntRun    = "HuntRun"    // one run of a batch hunt
	LabelFinding    = "Finding"    // what a hunt found, linked to its target
	LabelCheckpoint = "Checkpoint" // how far a followed file was taken
	LabelLoaderLock = "LoaderLock" // held while a round is settled, so that loaders take turns
)

// Relationship types.
const (
	RelOn             = "ON"
	RelSpawned        = "SPAWNED"
	RelMayHaveSpawned = "MAY_HAVE_SPAWNED"
	RelConnected      = "CONNECTED"
	RelResolved       = "RESOLVED"
	RelAccepted       = "ACCEPTED"
	// RelMayHaveConnected is a connection that the network saw and one process of the
	// client is likely to have made; followed only on request.
	RelMayHaveConnected = "MAY_HAVE_CONNECTED"
	RelUnder            = "UNDER"
	RelCreated          = "CREATED"
	RelUpdated          = "UPDATED"
	RelDeleted          = "DELETED"
	RelEnabled          = "ENABLED"
	RelDisabled         = "DISABLED"
	RelDefined          = "DEFINED"
	RelRegistered       = "REGISTERED"
	RelNames            = "NAMES"           // (:TaskDefinition)-[:NAMES]->(:Endpoint): its commands name it
	RelHasAddress       = "HAS_ADDRESS"     // (:Host)-[:HAS_ADDRESS]->(:Address)
	RelRegisteredFrom   = "REGISTERED_FROM" // (:Task)-[:REGISTERED_FROM]->(:Address)
	RelFlowed           = "FLOWED"          // (:Address)-[:FLOWED]->(:Endpoint): the network saw it connect
	RelAsked            = "ASKED"           // (:Address)-[:ASKED]->(:Endpoint): the network saw it ask for the name
	RelRan              = "RAN"             // (:Task)-[:RAN]->(:Launch)
	RelFound            = "FOUND"           // (:HuntRun)-[:FOUND]->(:Finding)
	RelAbout            = "ABOUT"           // (:Finding)-[:ABOUT]->(target)
)

// Relationship types of hand-overs: a process had another one started by a broker,
// which is that one's parent.
const (
	RelViaCOM     = "VIA_COM"     // COM's launcher
	RelViaWMI     = "VIA_WMI"     // the WMI provider host
	RelViaService = "VIA_SERVICE" // the service control manager
	RelViaBITS    = "VIA_BITS"    // background transfers
	RelViaMSI     = "VIA_MSI"     // the installer's service
	RelViaShell   = "VIA_SHELL"   // the running shell
	RelViaLogon   = "VIA_LOGON"   // secondary logon
)

// HandOvers are the types of hand-overs.
var HandOvers = []string{RelViaBITS, RelViaCOM, RelViaLogon, RelViaMSI, RelViaService, RelViaShell, RelViaWMI}

// HuntLabels are the only labels that hunts may write or remove.
var HuntLabels = []string{"TrTaskToRareDomain"}
