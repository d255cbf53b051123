//! Which URLs and other entrances reach a pod, a Service or a workload.
