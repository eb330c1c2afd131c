{{- define "bridge.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimAll "-" -}}
{{- end }}

{{/* Short enough for what is put behind it, for instance -signing-NAME. */}}
{{- define "bridge.fullname" -}}
{{- $name := include "bridge.name" . -}}
{{- $whole := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- default $whole .Values.fullnameOverride | trunc 40 | trimAll "-" -}}
{{- end }}

{{- define "bridge.selector" -}}
app.kubernetes.io/name: {{ include "bridge.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: bridge
{{- end }}

{{/* The test's Pods carry another component, or the Service would send people there. */}}
{{- define "bridge.labels" -}}
app.kubernetes.io/name: {{ include "bridge.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") }}
{{- end }}

{{- define "bridge.metadata" -}}
namespace: {{ .Release.Namespace | quote }}
labels:
  {{- include "bridge.labels" . | nindent 2 }}
  app.kubernetes.io/component: bridge
{{- end }}

{{/* What Prometheus calls all bridges of this release and of no other. */}}
{{- define "bridge.job" -}}
{{- printf "%s/%s" .Release.Namespace (include "bridge.fullname" .) -}}
{{- end }}

{{- define "bridge.serviceAccount" -}}
{{- default (.Values.serviceAccount.create | ternary (include "bridge.fullname" .) "default") .Values.serviceAccount.name -}}
{{- end }}

{{- define "bridge.image" -}}
{{- with .Values.image -}}
{{- .digest | empty | ternary (printf "%s:%s" .repository (default $.Chart.AppVersion .tag)) (printf "%s@%s" .repository .digest) -}}
{{- end -}}
{{- end }}

{{- define "bridge.tlsSecret" -}}
{{- with .Values.tls -}}
{{- .certManager.enabled | ternary (printf "%s-tls" (include "bridge.fullname" $)) .existingSecret -}}
{{- end -}}
{{- end }}

{{- define "bridge.signingSecret" -}}
{{- .key.existingSecret | default (printf "%s-signing-%s" (include "bridge.fullname" .root) .key.name) -}}
{{- end }}

{{- define "bridge.policyConfigMap" -}}
{{- .Values.policy.existingConfigMap | default (printf "%s-policy" (include "bridge.fullname" .)) -}}
{{- end }}

{{- define "bridge.scheme" -}}
{{- include "bridge.tlsSecret" . | empty | ternary "HTTP" "HTTPS" -}}
{{- end }}

{{/* The admin listener, in plain HTTP. The kubelet reaches it from outside with metrics alone; else it listens on
     loopback, and a program in the container asks it. */}}
{{- define "bridge.livez" -}}
{{- if .Values.metrics.enabled -}}
httpGet: {path: /livez, port: metrics}
{{- else -}}
exec:
  command: [python3, -c, "import urllib.request as http; http.urlopen('http://127.0.0.1:5002/livez', timeout=4)"]
{{- end -}}
{{- end }}

{{/* What the restricted profile of the Pod Security Standards asks of a container. */}}
{{- define "bridge.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "bridge.podSecurity" -}}
runAsNonRoot: true
seccompProfile: {type: RuntimeDefault}
{{- range $name := list "runAsUser" "runAsGroup" "fsGroup" }}
{{- with index $.Values.securityContext $name }}
{{ $name }}: {{ int64 . }}
{{- end }}
{{- end }}
{{- end }}
