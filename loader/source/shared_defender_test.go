package source_test

import (
	"maps"
	"path/filepath"
	"testing"

	"github.com/taskroot/taskroot/internal/testdata"
	"github.com/taskroot/taskroot/loader/source"
)

// TestSharedDefender reads what real tenants streamed and exported: each row is
// in one place, and the tables' own words say why most are not wanted.
func TestSharedDefender(t *testing.T) {
	dir := filepath.Join(testdata.Shared(t), "mde")
	for file, want := range map[string]map[string]int{
		"m365_streaming_device_events.ndjson": {
			"defender/devicenetworkevents|0": 1, "defender/deviceprocessevents|0": 1,
			"devicenetworkevents|inboundconnectionacknowledged without process": 1,
			"deviceevents|ntallocatevirtualmemoryapicall":                       2, "deviceevents|scriptcontent": 2,
			"deviceevents|powershellcommand": 1, "deviceevents|usbdrivemounted": 1,
			"deviceevents|processcreatedusingwmiquery": 1, "devicelogonevents|logonfailed": 2, "devicefileevents|filedeleted": 1,
			"deviceimageloadevents|imageloaded": 1, "deviceregistryevents|registryvalueset": 1,
			"DeviceInfo": 1, "DeviceNetworkInfo": 1,
		},
		"Microsoft365DefenderEvents.Zip": {"deviceevents|ldapsearch": 5, "defender|mailitemsaccessed": 1, "defender|other": 3},
	} {
		t.Run("OK "+file, func(t *testing.T) {
			r := newRecorder(t)
			if err := source.Read(t.Context(), []string{filepath.Join(dir, file)}, nil, source.Options{}, r); err != nil {
				t.Fatal(err)
			}
			if got := r.counts(); !maps.Equal(got, want) || len(r.rejected) > 0 {
				t.Errorf("got %v, rejected %v\nwant %v", got, r.rejected, want)
			}
		})
	}
}
