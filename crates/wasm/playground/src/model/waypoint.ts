// The Gateway that makes a waypoint.
import type { SourceFile } from "waypoint-xds";

/** A file with a waypoint for the namespace that files speak of first. */
export function waypointFor(files: readonly SourceFile[], name: string): SourceFile {
  const [, namespace = "default"] = files.map(({ text }) => /^\s*["']?namespace["']?:\s*["']?([a-z0-9-]+)/m.exec(text)).find((found) => found !== null) ?? [];
  const text = `# What should go through it names it by the label istio.io/use-waypoint: waypoint, on a Service, a Pod or the Namespace.
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: waypoint
  namespace: ${namespace}
spec:
  gatewayClassName: istio-waypoint
  listeners:
  - name: mesh
    port: 15008
    protocol: HBONE
`;
  return { name, text };
}
