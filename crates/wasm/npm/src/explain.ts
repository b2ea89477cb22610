// What is told of a mesh beside its waypoints' resources: statuses, ztunnel's half, and objects described.
import type { Maker, ObjectRef, Problem, Table } from "./types.js";

/** A field of an object that decided something. */
export interface StatusCause {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** The path of the field; absent for the object as a whole. */
  readonly field?: string;
}

/** A condition that Istio would write into an object's status; also addresses and the number of a listener's routes. */
export interface Condition {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** The parent that it is about, of routes: `Kind/namespace/name`. */
  readonly parent?: string;
  /** Who answers for that parent. */
  readonly controller?: string;
  /** The listener that it is about, of Gateways. */
  readonly listener?: string;
  /** The condition's type; `address` for an address, `attachedRoutes` for the number of a listener's routes. */
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /** Which of Istio's controllers writes it. */
  readonly by?: string;
  /** What decided it, the decisive one first. */
  readonly causes?: readonly StatusCause[];
}

/** An address of a network, as ztunnel gets it. */
export interface NetworkAddress {
  readonly network?: string;
  readonly address?: string;
}

/** Where a waypoint or a gateway is reached. */
export interface GatewayAddress {
  readonly address?: NetworkAddress;
  readonly hostname?: { readonly namespace?: string; readonly hostname?: string };
  readonly hboneMtlsPort?: number;
}

/** A port of a Service, and the port behind it. */
export interface ZtunnelPort {
  readonly servicePort?: number;
  readonly targetPort?: number;
  readonly targetPortName?: string;
}

/** A workload, as ztunnel gets it: Istio's message `Workload`. */
export interface ZtunnelWorkload {
  readonly uid: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly addresses?: readonly string[];
  readonly hostname?: string;
  readonly network?: string;
  readonly serviceAccount?: string;
  readonly waypoint?: GatewayAddress;
  /** The policies that it has by name, `namespace/name`. */
  readonly authorizationPolicies?: readonly string[];
  /** Its Services, by `namespace/hostname`. */
  readonly services?: { readonly [name: string]: { readonly ports?: readonly ZtunnelPort[] } };
  readonly [field: string]: unknown;
}

/** A Service, as ztunnel gets it: Istio's message `Service`. */
export interface ZtunnelService {
  readonly name?: string;
  readonly namespace?: string;
  readonly hostname?: string;
  readonly addresses?: readonly NetworkAddress[];
  readonly ports?: readonly ZtunnelPort[];
  readonly waypoint?: GatewayAddress;
  readonly [field: string]: unknown;
}

/** A policy, as ztunnel gets it: Istio's message `Authorization`. */
export interface ZtunnelPolicy {
  readonly name?: string;
  readonly namespace?: string;
  readonly scope?: "GLOBAL" | "NAMESPACE" | "WORKLOAD_SELECTOR";
  readonly action?: "ALLOW" | "DENY";
  readonly [field: string]: unknown;
}

/** What ztunnels get. */
export interface ZtunnelConfig {
  readonly workloads: readonly ZtunnelWorkload[];
  readonly services: readonly ZtunnelService[];
  readonly policies: readonly ZtunnelPolicy[];
}

/** The lists of what ztunnels get. */
export type ZtunnelKind = keyof ZtunnelConfig;

/** What `istioctl ztunnel-config` prints of a list, a row for each of its resources, in their order. */
export interface ZtunnelTable extends Table {
  /** The objects that made each row, the decisive one first. */
  readonly origins: readonly (readonly Maker[])[];
}

/** What can be described. */
export type SubjectKind = "service" | "pod" | "waypoint" | "policy" | "route";

/** A field of an object, as a reason. */
export interface Reason {
  readonly object: ObjectRef;
  /** The path of the field; empty for the object as a whole. */
  readonly field: string;
}

/** Which waypoint something uses, or why it has none. */
export interface WaypointUse {
  /** `namespace/name`. */
  readonly name: string | null;
  /** The field that names it, or that opts out. */
  readonly because: Reason | null;
  /** Why the waypoint that is named is not used. */
  readonly refusal: string | null;
}

/** Who enforces a policy. */
export type Enforcer = { readonly waypoint: string } | "ztunnel" | "nobody";

/** A policy that holds for something. */
export interface PolicyLine {
  readonly object: ObjectRef;
  readonly action: "ALLOW" | "DENY" | "AUDIT" | "CUSTOM" | "JWT";
  readonly enforcedBy: Enforcer;
  readonly because: Reason;
  /** Each rule in words. */
  readonly rules: readonly string[];
  /** What is different from what it says. */
  readonly remark: string | null;
}

/** A rule of a route. */
export interface RouteLine {
  readonly rule: Reason;
  /** Which requests it takes, in words. */
  readonly matches: readonly string[];
  /** What becomes of them, in words. */
  readonly action: string;
}

/** What every description has. */
interface Described {
  readonly object: ObjectRef;
  readonly findings: readonly Problem[];
}

/** A Service or ServiceEntry. */
export interface ServiceDescription extends Described {
  readonly hosts: readonly string[];
  readonly addresses: readonly string[];
  readonly ports: readonly { readonly name: string; readonly number: number; readonly protocol: string }[];
  readonly endpoints: { readonly ready: number; readonly other: number };
  readonly waypoint: WaypointUse;
  /** Who goes past the waypoint. */
  readonly bypasses: readonly { readonly who: string; readonly object: ObjectRef | null }[];
  readonly policies: readonly PolicyLine[];
  readonly routes: readonly RouteLine[];
}

/** A Pod or WorkloadEntry. */
export interface PodDescription extends Described {
  readonly addresses: readonly string[];
  readonly mode: "ambient" | "sidecar" | "none";
  readonly principal: string;
  readonly services: readonly Served[];
  readonly waypoint: WaypointUse;
  readonly policies: readonly PolicyLine[];
}

/** Something and the waypoint that serves it. */
export interface Served {
  readonly object: ObjectRef;
  readonly waypoint: WaypointUse;
}

/** A waypoint. */
export interface WaypointDescription extends Described {
  readonly class: string;
  readonly dataPlane: "envoy" | "agentgateway";
  readonly traffic: string;
  readonly ready: boolean;
  readonly readinessAssumed: boolean;
  readonly principal: string;
  readonly services: readonly Served[];
  readonly workloads: readonly Served[];
  readonly policies: readonly PolicyLine[];
}

/** A policy. */
export interface PolicyDescription extends Described {
  readonly action: PolicyLine["action"] | null;
  readonly rules: readonly string[];
  readonly binds: readonly {
    readonly enforcedBy: Enforcer;
    readonly object: ObjectRef;
    readonly field: string;
    readonly remark: string | null;
  }[];
  /** What it does not bind to, though one might think so. */
  readonly bindsNot: readonly { readonly object: ObjectRef; readonly field: string; readonly why: string }[];
}

/** A VirtualService, or a route of the Gateway API. */
export interface RouteDescription extends Described {
  readonly hosts: readonly {
    readonly host: string;
    readonly services: readonly (readonly [service: ObjectRef, waypoint: string])[];
    readonly nothing: string | null;
  }[];
  readonly rules: readonly RouteLine[];
}

/** The description of each sort of thing. */
export interface Descriptions {
  readonly service: ServiceDescription;
  readonly pod: PodDescription;
  readonly waypoint: WaypointDescription;
  readonly policy: PolicyDescription;
  readonly route: RouteDescription;
}
