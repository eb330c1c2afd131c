{{/* The Pods: their names and labels, how many, how they end. */}}
{{- define "bridge.problems.pods" -}}
{{- $problems := list -}}
{{- $name := include "bridge.fullname" . -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $name) -}}
{{- $problems = append $problems (printf "The release %s would get a Service of the name %s, which Kubernetes does not take: a letter must come first, and no dot may be in it. Set fullnameOverride." .Release.Name $name) -}}
{{- end -}}
{{- range $label, $_ := include "bridge.selector" . | fromYaml -}}
{{- if hasKey $.Values.podLabels $label -}}
{{- $problems = append $problems (printf "podLabels has %s, by which the Service finds its Pods. Leave it out." $label) -}}
{{- end -}}
{{- end -}}
{{- $replicas := .Values.autoscaling.enabled | ternary .Values.autoscaling.maxReplicas .Values.replicas | int -}}
{{- $budget := or (.Values.bridge.guard | default dict).account_failures (hasKey .Values.secretEnv "LTB_GUARD__ACCOUNT_FAILURES") -}}
{{- if and (gt $replicas 1) (not (or (include "bridge.store" .) $budget)) -}}
{{- $problems = append $problems (printf "%d replicas count wrong passwords each for itself: %d for one account would reach the directory in 15 minutes, and one that locks at 5 would lock people out. Let them count together in a store (bridge.cache.shared, sharedStore); or write bridge.guard.account_failures with (the directory's threshold less 1) ÷ %d, less 1, for the number: 1 per 15m fits a threshold of %d; or run one alone: replicas: 1, without autoscaling." $replicas (mul 3 $replicas) $replicas (add 1 (mul 2 $replicas))) -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) -}}
{{- $problems = append $problems "autoscaling.minReplicas is larger than autoscaling.maxReplicas." -}}
{{- end -}}
{{- $deadline := dig "server" "request_deadline" "8s" .Values.bridge -}}
{{- $unit := index (dict "ms" 0.001 "s" 1 "m" 60 "h" 3600 "d" 86400) (regexFind "[a-z]+$" $deadline) -}}
{{- $seconds := mulf (regexFind "^[0-9.]+" $deadline | float64) $unit | ceil | int -}}
{{- $end := add (int .Values.preStopSeconds) $seconds 3 -}}
{{- if lt (int64 .Values.terminationGracePeriodSeconds) $end -}}
{{- $problems = append $problems (printf "terminationGracePeriodSeconds must be at least %d, or requests under way are cut off: %v for preStopSeconds, %d for bridge.server.request_deadline, 3 for those that are on their way and for closing." $end .Values.preStopSeconds $seconds) -}}
{{- end -}}
{{- toJson $problems -}}
{{- end }}
