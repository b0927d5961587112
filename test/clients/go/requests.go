package main

import (
	"context"
	"fmt"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	appsapply "k8s.io/client-go/applyconfigurations/apps/v1"
	coreapply "k8s.io/client-go/applyconfigurations/core/v1"
	metaapply "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/pager"
	"k8s.io/client-go/util/retry"

	"k8s.io/apimachinery/pkg/runtime"
)

func discoverBoth(_ context.Context, config *rest.Config, _ string) error {
	var counts [2]int
	for i, legacy := range []bool{false, true} {
		client := discovery.NewDiscoveryClientForConfigOrDie(config)
		client.UseLegacyDiscovery = legacy
		_, lists, err := client.ServerGroupsAndResources()
		if err != nil {
			return err
		}
		for _, list := range lists {
			counts[i] += len(list.APIResources)
		}
	}
	if counts[0] != counts[1] || counts[0] < 50 {
		return fmt.Errorf("aggregated discovery tells %d resources, the other form %d", counts[0], counts[1])
	}
	return nil
}

func mapKinds(_ context.Context, config *rest.Config, _ string) error {
	groups, err := restmapper.GetAPIGroupResources(discovery.NewDiscoveryClientForConfigOrDie(config))
	if err != nil {
		return err
	}
	mapper := restmapper.NewDiscoveryRESTMapper(groups)
	mapping, err := mapper.RESTMapping(schema.GroupKind{Group: "apps", Kind: "Deployment"})
	if err != nil {
		return err
	}
	if mapping.Resource.Resource != "deployments" || mapping.Scope.Name() != "namespace" {
		return fmt.Errorf("Deployment is mapped to %v of scope %v", mapping.Resource, mapping.Scope.Name())
	}
	return nil
}

func typedProtobuf(ctx context.Context, config *rest.Config, namespace string) error {
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	client := kubernetes.NewForConfigOrDie(config)
	replicas := int32(0)
	labels := map[string]string{"app": "typed"}
	container := corev1.Container{Name: "main", Image: "x", Resources: corev1.ResourceRequirements{
		Requests: corev1.ResourceList{"cpu": resource.MustParse("250m"), "memory": resource.MustParse("64Mi")},
	}}
	deployment := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "typed", Labels: labels},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{container}},
			},
		},
	}
	created, err := client.AppsV1().Deployments(namespace).Create(ctx, deployment, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	request := created.Spec.Template.Spec.Containers[0].Resources.Requests["cpu"]
	if *created.Spec.Replicas != 0 || request.MilliValue() != 250 || created.Spec.Template.Spec.RestartPolicy != "Always" {
		return fmt.Errorf("it came back as %v", created.Spec)
	}
	// The deployment's controller writes its status meanwhile.
	err = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		latest, err := client.AppsV1().Deployments(namespace).Get(ctx, "typed", metav1.GetOptions{})
		if err != nil {
			return err
		}
		latest.Labels["changed"] = "yes"
		_, err = client.AppsV1().Deployments(namespace).Update(ctx, latest, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		return err
	}
	patch := []byte(`{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"y"}]}}}}`)
	patched, err := client.AppsV1().Deployments(namespace).
		Patch(ctx, "typed", types.StrategicMergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return err
	}
	if patched.Spec.Template.Spec.Containers[0].Image != "y" || patched.Generation != 2 {
		return fmt.Errorf("it was patched to %v", patched)
	}
	_, err = client.AppsV1().Deployments(namespace).Create(ctx, deployment, metav1.CreateOptions{})
	if !errors.IsAlreadyExists(err) {
		return fmt.Errorf("creating it twice: %v", err)
	}
	foreground := metav1.DeletePropagationForeground
	options := metav1.DeleteOptions{PropagationPolicy: &foreground, Preconditions: &metav1.Preconditions{UID: &created.UID}}
	return client.AppsV1().Deployments(namespace).Delete(ctx, "typed", options)
}

func paginate(ctx context.Context, config *rest.Config, namespace string) error {
	secrets := kubernetes.NewForConfigOrDie(config).CoreV1().Secrets(namespace)
	for i := range 25 {
		secret := &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{GenerateName: "page-", Labels: map[string]string{"page": "yes"}},
			StringData: map[string]string{"number": fmt.Sprint(i)},
		}
		if _, err := secrets.Create(ctx, secret, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	seen, requests := map[string]bool{}, 0
	pages := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		requests++
		return secrets.List(ctx, options)
	})
	pages.PageSize = 4
	err := pages.EachListItem(ctx, metav1.ListOptions{LabelSelector: "page=yes"}, func(item runtime.Object) error {
		secret := item.(*corev1.Secret)
		seen[string(secret.Data["number"])] = true
		return nil
	})
	if err == nil && (len(seen) != 25 || requests != 7) {
		err = fmt.Errorf("%d secrets in %d pages", len(seen), requests)
	}
	if err != nil {
		return err
	}
	return secrets.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "page=yes"})
}

func dynamicObjects(ctx context.Context, config *rest.Config, namespace string) error {
	services := dynamic.NewForConfigOrDie(config).
		Resource(schema.GroupVersionResource{Version: "v1", Resource: "services"}).Namespace(namespace)
	service := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": "dynamic"},
		"spec": map[string]any{"ports": []any{map[string]any{"port": int64(80)}}},
	}}
	created, err := services.Create(ctx, service, metav1.CreateOptions{FieldValidation: "Strict"})
	if err != nil {
		return err
	}
	if address, _, _ := unstructured.NestedString(created.Object, "spec", "clusterIP"); address == "" {
		return fmt.Errorf("the service has no address")
	}
	patch := []byte(`[{"op":"test","path":"/spec/type","value":"ClusterIP"},{"op":"replace","path":"/spec/type","value":"NodePort"}]`)
	if _, err := services.Patch(ctx, "dynamic", types.JSONPatchType, patch, metav1.PatchOptions{}); err != nil {
		return err
	}
	if _, err := services.Patch(ctx, "dynamic", types.JSONPatchType, patch, metav1.PatchOptions{}); !errors.IsInvalid(err) {
		return fmt.Errorf("a patch whose test fails: %v", err)
	}
	return services.Delete(ctx, "dynamic", metav1.DeleteOptions{})
}

func retryConflict(ctx context.Context, config *rest.Config, namespace string) error {
	maps := kubernetes.NewForConfigOrDie(config).CoreV1().ConfigMaps(namespace)
	object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "counted"}, Data: map[string]string{"count": ""}}
	if _, err := maps.Create(ctx, object, metav1.CreateOptions{}); err != nil {
		return err
	}
	const writers = 5
	results := make([]error, writers)
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			results[i] = retry.OnError(retry.DefaultBackoff, errors.IsConflict, func() error {
				current, err := maps.Get(ctx, "counted", metav1.GetOptions{})
				if err != nil {
					return err
				}
				current.Data["count"] += "x"
				_, err = maps.Update(ctx, current, metav1.UpdateOptions{})
				return err
			})
		})
	}
	all.Wait()
	written := 0
	for _, err := range results {
		if err == nil {
			written++
		} else if !errors.IsConflict(err) {
			return err
		}
	}
	final, err := maps.Get(ctx, "counted", metav1.GetOptions{})
	if err == nil && len(final.Data["count"]) != written {
		err = fmt.Errorf("%d updates succeeded, %q is left of them", written, final.Data["count"])
	}
	return err
}

func applyTyped(ctx context.Context, config *rest.Config, namespace string) error {
	client := kubernetes.NewForConfigOrDie(config)
	wanted := func(image string) *appsapply.DeploymentApplyConfiguration {
		labels := map[string]string{"app": "applied"}
		container := coreapply.Container().WithName("main").WithImage(image).
			WithPorts(coreapply.ContainerPort().WithContainerPort(80))
		return appsapply.Deployment("applied", namespace).WithSpec(appsapply.DeploymentSpec().
			WithReplicas(0).
			WithSelector(metaapply.LabelSelector().WithMatchLabels(labels)).
			WithTemplate(coreapply.PodTemplateSpec().WithLabels(labels).
				WithSpec(coreapply.PodSpec().WithContainers(container))))
	}
	deployments := client.AppsV1().Deployments(namespace)
	first, err := deployments.Apply(ctx, wanted("x:1"), metav1.ApplyOptions{FieldManager: "one"})
	if err != nil {
		return err
	}
	again, err := deployments.Apply(ctx, wanted("x:1"), metav1.ApplyOptions{FieldManager: "one"})
	if err != nil || again.Generation != first.Generation {
		return fmt.Errorf("applying it again: generation %d, then %d, %v", first.Generation, again.Generation, err)
	}
	if _, err := deployments.Apply(ctx, wanted("x:2"), metav1.ApplyOptions{FieldManager: "two"}); !errors.IsConflict(err) {
		return fmt.Errorf("another manager changes the image: %v", err)
	}
	forced, err := deployments.Apply(ctx, wanted("x:2"), metav1.ApplyOptions{FieldManager: "two", Force: true})
	if err != nil {
		return err
	}
	if forced.Spec.Template.Spec.Containers[0].Image != "x:2" {
		return fmt.Errorf("forced to %v", forced.Spec.Template.Spec)
	}
	extracted, err := appsapply.ExtractDeployment(forced, "two")
	if err != nil {
		return err
	}
	if image := *extracted.Spec.Template.Spec.Containers[0].Image; image != "x:2" {
		return fmt.Errorf("what the second manager owns was extracted as %q", image)
	}
	return nil
}
