// One node that must outlive a killed server.
CREATE (:Kept)
