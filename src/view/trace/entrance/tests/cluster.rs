//! The parts of small clusters, to be joined.

/// Joins parts.
pub fn of(parts: &[&str]) -> String {
    parts.join("\n---\n")
}

/// A node with an address inside and one outside.
pub const NODE: &str = "
apiVersion: v1
kind: Node
metadata: {name: n1}
status:
  addresses: [{type: InternalIP, address: 10.0.0.11}, {type: ExternalIP, address: 198.51.100.11}]
  conditions: [{type: Ready, status: 'True'}]
";

/// Another node.
pub const NODE2: &str = "
apiVersion: v1
kind: Node
metadata: {name: n2}
status:
  addresses: [{type: InternalIP, address: 10.0.0.12}]
  conditions: [{type: Ready, status: 'True'}]
";

/// ingress-nginx, its pod ready on the first node.
pub const NGINX: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: nginx, namespace: edge, creationTimestamp: '2026-01-01T00:00:00Z'}
spec:
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec:
      containers:
      - name: controller
        image: registry.k8s.io/ingress-nginx/controller:v1.13.3
        args: [/nginx-ingress-controller, '--controller-class=k8s.io/ingress-nginx', '--configmap=$(POD_NAMESPACE)/nginx', '--tcp-services-configmap=edge/tcp']
        ports: [{name: http, containerPort: 80}, {name: https, containerPort: 443}]
";

/// Its pod.
pub const POD: &str = "
apiVersion: v1
kind: Pod
metadata: {name: nginx-1, namespace: edge, labels: {app: nginx}}
spec:
  nodeName: n1
  containers:
  - name: controller
    image: registry.k8s.io/ingress-nginx/controller:v1.13.3
    ports: [{name: http, containerPort: 80}, {name: https, containerPort: 443}]
status: {phase: Running, podIP: 10.1.0.5, conditions: [{type: Ready, status: 'True'}]}
";

/// Its load balancer, with the lines that tell more.
pub fn balancer(metadata: &str, spec: &str, status: &str) -> String {
    format!(
        "
apiVersion: v1
kind: Service
metadata: {{name: nginx, namespace: edge, creationTimestamp: '2026-01-01T00:00:00Z'{metadata}}}
spec:
  type: LoadBalancer
  selector: {{app: nginx}}
  ports: [{{name: http, port: 80, targetPort: http, nodePort: 30080}}, {{name: https, port: 443, targetPort: https, nodePort: 30443}}]
  {spec}
status: {{loadBalancer: {{ingress: [{status}]}}}}
"
    )
}

/// Its class, and an Ingress for `shop.example.com` of it.
pub const INGRESS: &str = "
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
spec: {controller: k8s.io/ingress-nginx}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: shop}
spec:
  ingressClassName: nginx
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
  - host: shop.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
";

/// The options of the controller.
pub fn options(data: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: nginx, namespace: edge}}\ndata: {{{data}}}\n")
}

/// All of it, at 203.0.113.20.
pub fn shop() -> String {
    of(&[NODE, NGINX, POD, &balancer("", "", "{ip: 203.0.113.20, ipMode: VIP}"), INGRESS])
}

/// All of it, with other lines of the load balancer.
pub fn shop_with(metadata: &str, spec: &str, status: &str, more: &[&str]) -> String {
    of(&[&of(more), NODE, NGINX, POD, &balancer(metadata, spec, status), INGRESS])
}
