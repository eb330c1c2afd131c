{{/* bridge.yaml: the values under `bridge`, and the places where this chart mounts things. */}}
{{- define "bridge.yaml" -}}
{{- $file := deepCopy .Values.bridge -}}
{{- range $section := list "server" "token" "directory" -}}
{{- $_ := set $file $section (index $file $section | default dict) -}}
{{- end -}}
{{- $_ := set $file.server "listen" (printf "%s:5001" .Values.listenAddress) -}}
{{- $_ := set $file.server "admin_listen" (printf "%s:5002" (.Values.metrics.enabled | ternary .Values.listenAddress "127.0.0.1")) -}}
{{- if include "bridge.tlsSecret" . -}}
{{- $_ := set $file.server "tls" (dict "certificate" "/etc/bridge/tls/tls.crt" "key" "/etc/bridge/tls/tls.key") -}}
{{- end -}}
{{- $_ := set $file.token "keys_dir" "/etc/bridge/keys" -}}
{{- if .Values.refreshTokens.existingSecret -}}
{{- $refresh := dict "key_file" "/etc/bridge/refresh/refresh-keys" "revocations" "/etc/bridge/revocations/revoked.json" -}}
{{- $_ := set $file.token "refresh" (merge $refresh ($file.token.refresh | default dict)) -}}
{{- end -}}
{{- with .Values.directory -}}
{{- if .existingSecret -}}
{{- $_ := set $file.directory "bind_password_file" (printf "/etc/bridge/directory/%s" .passwordKey) -}}
{{- end -}}
{{- $tls := $file.directory.tls | default dict -}}
{{- if .caConfigMap -}}
{{- $_ := set $tls "ca_file" (printf "/etc/bridge/directory-ca/%s" .caKey) -}}
{{- end -}}
{{- if .clientCertificateSecret -}}
{{- $_ := set $tls "certificate" "/etc/bridge/directory-client/tls.crt" -}}
{{- $_ := set $tls "key" "/etc/bridge/directory-client/tls.key" -}}
{{- end -}}
{{- if $tls -}}{{- $_ := set $file.directory "tls" $tls -}}{{- end -}}
{{- end -}}
{{- with .Values.sharedStore -}}
{{- if .existingSecret -}}
{{- $cache := dict "shared_key_file" "/etc/bridge/shared-store/key" -}}
{{- if .passwordKey -}}{{- $_ := set $cache "shared_password_file" (printf "/etc/bridge/shared-store/%s" .passwordKey) -}}{{- end -}}
{{- if .caConfigMap -}}{{- $_ := set $cache "shared_tls" (dict "ca_file" "/etc/bridge/shared-store-ca/ca.crt") -}}{{- end -}}
{{- $_ := set $file "cache" (merge $cache ($file.cache | default dict)) -}}
{{- end -}}
{{- end -}}
{{- $policy := dict "path" "/etc/bridge/policy" -}}
{{- if .Values.policy.shadowConfigMap -}}{{- $_ := set $policy "shadow" "/etc/bridge/shadow-policy" -}}{{- end -}}
{{- $_ := set $file "policy" $policy -}}
{{- if .Values.robots.existingSecret -}}{{- $_ := set $file "robots" "/etc/bridge/robots/robots.yaml" -}}{{- end -}}
{{- toYaml $file -}}
{{- end }}

{{/* Everything that is mounted under /etc/bridge, by name. Folders and never subPath: the kubelet
     renews only those. */}}
{{- define "bridge.mounts" -}}
config: {configMap: {name: {{ include "bridge.fullname" . | quote }}}}
policy: {configMap: {name: {{ include "bridge.policyConfigMap" . | quote }}}}
{{- with .Values.policy.shadowConfigMap }}
shadow-policy: {configMap: {name: {{ . | quote }}}}
{{- end }}
keys:
  projected:
    defaultMode: 0440
    sources:
      {{- range .Values.signingKeys.keys }}
      - secret:
          name: {{ include "bridge.signingSecret" (dict "key" . "root" $) | quote }}
          items:
            - {key: tls.crt, path: {{ .name }}.crt}
            - {key: tls.key, path: {{ .name }}.key}
      {{- end }}
      {{- if .Values.signingKeys.active }}
      - configMap: {name: {{ include "bridge.fullname" . }}-active-key}
      {{- end }}
{{- with include "bridge.tlsSecret" . }}
tls: {secret: {secretName: {{ . | quote }}, defaultMode: 0440}}
{{- end }}
{{- with .Values.directory.existingSecret }}
directory: {secret: {secretName: {{ . | quote }}, defaultMode: 0440}}
{{- end }}
{{- with .Values.directory.caConfigMap }}
directory-ca: {configMap: {name: {{ . | quote }}}}
{{- end }}
{{- with .Values.directory.clientCertificateSecret }}
directory-client: {secret: {secretName: {{ . | quote }}, defaultMode: 0440}}
{{- end }}
{{- with .Values.robots.existingSecret }}
robots: {secret: {secretName: {{ . | quote }}, defaultMode: 0440}}
{{- end }}
{{- with .Values.refreshTokens.existingSecret }}
refresh: {secret: {secretName: {{ . | quote }}, defaultMode: 0440}}
{{- end }}
{{- with .Values.refreshTokens.revocationsConfigMap }}
revocations: {configMap: {name: {{ . | quote }}}}
{{- end }}
{{- with .Values.sharedStore.existingSecret }}
shared-store: {secret: {secretName: {{ . | quote }}, defaultMode: 0440}}
{{- end }}
{{- with .Values.sharedStore.caConfigMap }}
shared-store-ca: {configMap: {name: {{ . | quote }}}}
{{- end }}
{{- with .Values.filesConfigMap }}
files: {configMap: {name: {{ . | quote }}}}
{{- end }}
{{- end }}
