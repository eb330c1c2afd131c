{{/* Whom the bridge asks: for each section of networkPolicy a list of {address, port}, in JSON. Without an address: what
     only DNS or a sentinel tells. */}}
{{- define "bridge.targets" -}}
{{- dict "ldap" (include "bridge.ldapTargets" . | fromJsonArray) "sharedStore" (include "bridge.storeTargets" . | fromJsonArray) | toJson -}}
{{- end }}

{{- define "bridge.ldapTargets" -}}
{{- $directory := .Values.bridge.directory | default dict -}}
{{- $addresses := concat ($directory.servers | default list) ($directory.global_catalog | default list) -}}
{{- $byDns := $directory.domain -}}
{{- range $directory.domains -}}
{{- if kindIs "string" . -}}{{- $byDns = true -}}{{- else -}}{{- $addresses = concat $addresses . -}}{{- end -}}
{{- end -}}
{{- $targets := list -}}
{{- range $addresses -}}
{{- $targets = append $targets (include "bridge.target" (list . (hasPrefix "ldaps:" . | ternary 636 389)) | fromJson) -}}
{{- end -}}
{{- if or $byDns (not $targets) -}}
{{- $startTls := dig "tls" "start_tls" false $directory -}}
{{- $targets = append $targets (dict "port" ($startTls | ternary 389 636)) -}}
{{- end -}}
{{- toJson $targets -}}
{{- end }}

{{/* The shared store's address; empty where there is none. */}}
{{- define "bridge.store" -}}
{{- (.Values.bridge.cache | default dict).shared | default "none" | trimPrefix "none" -}}
{{- end }}

{{- define "bridge.storeTargets" -}}
{{- $store := include "bridge.store" . -}}
{{- $sentinels := contains "+sentinel:" $store -}}
{{- $targets := list -}}
{{- if regexMatch "^(redis|valkey)" $store -}}
{{- range regexReplaceAll "^[^:]+://([^@/]*@)?([^/]*).*$" $store "${2}" | splitList "," -}}
{{- $targets = append $targets (include "bridge.target" (list . ($sentinels | ternary 26379 6379)) | fromJson) -}}
{{- end -}}
{{- end -}}
{{- if $sentinels -}}{{- $targets = append $targets (dict "port" 6379) -}}{{- end -}}
{{- toJson $targets -}}
{{- end }}

{{/* Of an address and the port that it has if it names none. */}}
{{- define "bridge.target" -}}
{{- $written := regexFind ":[0-9]+/?$" (first .) | trimAll ":/" -}}
{{- dict "address" (first .) "port" (int ($written | default (last .))) | toJson -}}
{{- end }}
