{{/* What no single value can tell, all of it at once. The kinds of values are the business of values.schema.json. */}}
{{- define "bridge.check" -}}
{{- $problems := list -}}
{{- range $part := list "settings" "network" "pods" -}}
{{- $problems = concat $problems (include (printf "bridge.problems.%s" $part) $ | fromJsonArray) -}}
{{- end -}}
{{- if $problems -}}
{{- fail (printf "\n\nThese values cannot be used:\n- %s\n" (join "\n- " $problems)) -}}
{{- end -}}
{{- end }}

{{/* bridge.yaml, and the Secrets and ConfigMaps that it needs. */}}
{{- define "bridge.problems.settings" -}}
{{- $problems := list -}}
{{- $bridge := .Values.bridge -}}
{{- $token := $bridge.token | default dict -}}
{{- if not .Values.image.repository -}}
{{- $problems = append $problems "image.repository is missing. There is no public image: build one, push it to a registry of yours, and name it." -}}
{{- end -}}
{{- range $section := list "token" "directory" -}}
{{- if not (hasKey $bridge $section) -}}
{{- $problems = append $problems (printf "bridge.%s is missing. Write under bridge what docs/settings.md lists there." $section) -}}
{{- end -}}
{{- end -}}
{{- $directory := .Values.directory -}}
{{- $account := or ($bridge.directory | default dict).bind_dn (hasKey .Values.secretEnv "LTB_DIRECTORY__BIND_DN") -}}
{{- if and $account (not (or $directory.existingSecret (hasKey .Values.secretEnv "LTB_DIRECTORY__BIND_PASSWORD"))) -}}
{{- $problems = append $problems "directory.existingSecret is missing: the Secret with the password of bridge.directory.bind_dn." -}}
{{- else if not (or $account $directory.clientCertificateSecret) -}}
{{- $problems = append $problems "bridge.directory.bind_dn is missing: the service account. Or sign in by a certificate: directory.clientCertificateSecret." -}}
{{- end -}}
{{- $names := list -}}
{{- range .Values.signingKeys.keys -}}
{{- if eq (empty .existingSecret) (not .certManager) -}}
{{- $problems = append $problems (printf "signingKeys.keys: %s needs either existingSecret or certManager: true." .name) -}}
{{- end -}}
{{- if and .certManager (not $.Values.signingKeys.certManager.issuerRef) -}}
{{- $problems = append $problems (printf "signingKeys.certManager.issuerRef is missing, and the key %s is to be made by cert-manager." .name) -}}
{{- end -}}
{{- if has .name $names -}}
{{- $problems = append $problems (printf "signingKeys.keys has two keys of the name %s." .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- $active := .Values.signingKeys.active -}}
{{- if not $names -}}
{{- $problems = append $problems "signingKeys.keys is empty: no token can be signed. Make a key with `ldap-token-bridge keys new` and name its Secret." -}}
{{- else if and $active (not (has $active $names)) -}}
{{- $problems = append $problems (printf "signingKeys.active is %s, which is none of signingKeys.keys: %s." $active (join ", " $names)) -}}
{{- else if and (not $active) (gt (len $names) 1) -}}
{{- $problems = append $problems (printf "signingKeys.active is missing. Say which of the keys signs: %s." (join ", " $names)) -}}
{{- end -}}
{{- if eq (empty .Values.policy.files) (empty .Values.policy.existingConfigMap) -}}
{{- $problems = append $problems "policy.files or policy.existingConfigMap is needed, and not both." -}}
{{- end -}}
{{- $size := 0 -}}
{{- range .Values.policy.files -}}{{- $size = add $size (len .) -}}{{- end -}}
{{- if gt $size 1000000 -}}
{{- $problems = append $problems (printf "policy.files has %d octets, and the ConfigMap that it becomes holds 1,000,000. One of your own holds no more: with this chart that is the limit of a policy." $size) -}}
{{- end -}}
{{- if and .Values.tls.existingSecret .Values.tls.certManager.enabled -}}
{{- $problems = append $problems "tls.existingSecret and tls.certManager.enabled exclude each other." -}}
{{- end -}}
{{- if and .Values.tls.certManager.enabled (not .Values.tls.certManager.issuerRef) -}}
{{- $problems = append $problems "tls.certManager.issuerRef is missing." -}}
{{- end -}}
{{- $refresh := ($token.refresh | default dict).enabled -}}
{{- if and $refresh (not (and .Values.refreshTokens.existingSecret .Values.refreshTokens.revocationsConfigMap)) -}}
{{- $problems = append $problems "bridge.token.refresh.enabled needs refreshTokens.existingSecret and refreshTokens.revocationsConfigMap." -}}
{{- end -}}
{{- if ne (include "bridge.store" . | empty) (empty .Values.sharedStore.existingSecret) -}}
{{- $problems = append $problems "bridge.cache.shared and sharedStore.existingSecret belong together: the store, and the key that seals what is in it." -}}
{{- end -}}
{{- toJson $problems -}}
{{- end }}
