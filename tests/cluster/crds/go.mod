module kplumb.test/cluster/crds

go 1.26.0

// Only the YAML files of these modules are used.
require (
	github.com/cert-manager/cert-manager v1.21.2
	sigs.k8s.io/gateway-api v1.6.3
)
