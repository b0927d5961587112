package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/util/workqueue"
)

func shareInformers(ctx context.Context, config *rest.Config, namespace string) error {
	client := kubernetes.NewForConfigOrDie(config)
	factory := informers.NewSharedInformerFactory(client, 0)
	shared := []cache.SharedIndexInformer{
		factory.Core().V1().Pods().Informer(),
		factory.Core().V1().Nodes().Informer(),
		factory.Core().V1().ConfigMaps().Informer(),
		factory.Apps().V1().Deployments().Informer(),
		factory.Discovery().V1().EndpointSlices().Informer(),
		factory.Rbac().V1().ClusterRoles().Informer(),
	}
	seen := make(chan string, 100)
	_, err := shared[2].AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { seen <- "added " + object.(*corev1.ConfigMap).Name },
		UpdateFunc: func(_, object any) { seen <- "changed " + object.(*corev1.ConfigMap).Name },
		DeleteFunc: func(object any) { seen <- "deleted " + object.(*corev1.ConfigMap).Name },
	})
	if err != nil {
		return err
	}
	started := time.Now()
	factory.Start(ctx.Done())
	for kind, synced := range factory.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return fmt.Errorf("the informer of %v did not sync", kind)
		}
	}
	// Without the bookmark that ends a watch list, client-go waits ten seconds before it falls back.
	if took := time.Since(started); took > 9*time.Second {
		return fmt.Errorf("the informers took %v", took)
	}
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil || len(shared[1].GetStore().List()) != len(nodes.Items) {
		return fmt.Errorf("%d nodes are cached of %d, %v", len(shared[1].GetStore().List()), len(nodes.Items), err)
	}
	maps := client.CoreV1().ConfigMaps(namespace)
	object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "informed"}}
	created, err := maps.Create(ctx, object, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	created.Data = map[string]string{"a": "b"}
	if _, err := maps.Update(ctx, created, metav1.UpdateOptions{}); err != nil {
		return err
	}
	if err := maps.Delete(ctx, "informed", metav1.DeleteOptions{}); err != nil {
		return err
	}
	for _, wanted := range []string{"added informed", "changed informed", "deleted informed"} {
		if err := await(ctx, seen, wanted); err != nil {
			return err
		}
	}
	return nil
}

func await(ctx context.Context, seen chan string, wanted string) error {
	for {
		select {
		case event := <-seen:
			if event == wanted {
				return nil
			}
		case <-ctx.Done():
			return fmt.Errorf("%q was never told", wanted)
		}
	}
}

func informMetadata(ctx context.Context, config *rest.Config, namespace string) error {
	factory := metadatainformer.NewSharedInformerFactory(metadata.NewForConfigOrDie(config), 0)
	informer := factory.ForResource(schema.GroupVersionResource{Version: "v1", Resource: "secrets"}).Informer()
	seen := make(chan string, 1000)
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: func(object any) {
		partial := object.(*metav1.PartialObjectMetadata)
		seen <- "metadata of " + partial.Name
	}})
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		return fmt.Errorf("it did not sync")
	}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "partial"}, StringData: map[string]string{"a": "b"}}
	secrets := kubernetes.NewForConfigOrDie(config).CoreV1().Secrets(namespace)
	if _, err := secrets.Create(ctx, secret, metav1.CreateOptions{}); err != nil {
		return err
	}
	return await(ctx, seen, "metadata of partial")
}

func electLeader(ctx context.Context, config *rest.Config, namespace string) error {
	client := kubernetes.NewForConfigOrDie(config)
	led := make(chan string, 10)
	candidate := func(ctx context.Context, name string) {
		lock, err := resourcelock.New(resourcelock.LeasesResourceLock, namespace, "elected",
			client.CoreV1(), client.CoordinationV1(), resourcelock.ResourceLockConfig{Identity: name})
		if err != nil {
			led <- err.Error()
			return
		}
		leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
			Lock: lock, ReleaseOnCancel: true,
			LeaseDuration: 15 * time.Second, RenewDeadline: 10 * time.Second, RetryPeriod: time.Second,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(context.Context) { led <- name },
				OnStoppedLeading: func() {},
			},
		})
	}
	first, resign := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() { candidate(first, "first") })
	if err := await(ctx, led, "first"); err != nil {
		resign()
		return err
	}
	second, end := context.WithCancel(ctx)
	all.Go(func() { candidate(second, "second") })
	resign()
	err := await(ctx, led, "second")
	end()
	all.Wait()
	return err
}

// As controller-runtime does: a queue of names, filled by an informer, worked off by a function that may fail.
func reconcileLoop(ctx context.Context, config *rest.Config, namespace string) error {
	client := kubernetes.NewForConfigOrDie(config)
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(namespace))
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]())
	defer queue.ShutDown()
	lister := factory.Core().V1().ConfigMaps().Lister().ConfigMaps(namespace)
	enqueue := func(object any) { queue.Add(object.(*corev1.ConfigMap).Name) }
	informer := factory.Core().V1().ConfigMaps().Informer()
	handlers := cache.ResourceEventHandlerFuncs{AddFunc: enqueue, UpdateFunc: func(_, object any) { enqueue(object) }}
	if _, err := informer.AddEventHandler(handlers); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	reconcile := func(name string) error {
		object, err := lister.Get(name)
		if err != nil || object.Labels["copy"] != "wanted" {
			return nil
		}
		controlled := true
		secret := &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: name, OwnerReferences: []metav1.OwnerReference{
				{APIVersion: "v1", Kind: "ConfigMap", Name: name, UID: object.UID, Controller: &controlled},
			}},
			StringData: object.Data,
		}
		_, err = client.CoreV1().Secrets(namespace).Create(ctx, secret, metav1.CreateOptions{})
		if errors.IsAlreadyExists(err) {
			return nil
		}
		return err
	}
	go func() {
		for {
			name, ended := queue.Get()
			if ended {
				return
			}
			if err := reconcile(name); err != nil {
				queue.AddRateLimited(name)
			} else {
				queue.Forget(name)
			}
			queue.Done(name)
		}
	}()
	for i := range 10 {
		object := &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("copied-%d", i), Labels: map[string]string{"copy": "wanted"}},
			Data:       map[string]string{"number": fmt.Sprint(i)},
		}
		if _, err := client.CoreV1().ConfigMaps(namespace).Create(ctx, object, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	if err := untilCopied(ctx, client, namespace, 10); err != nil {
		return err
	}
	options := metav1.ListOptions{LabelSelector: "copy=wanted"}
	if err := client.CoreV1().ConfigMaps(namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, options); err != nil {
		return err
	}
	return untilCopied(ctx, client, namespace, 0)
}

// Waits until the reconcile loop, or the cluster's garbage collector, has left as many copies.
func untilCopied(ctx context.Context, client kubernetes.Interface, namespace string, wanted int) error {
	for {
		secrets, err := client.CoreV1().Secrets(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		copies := 0
		for _, secret := range secrets.Items {
			if len(secret.OwnerReferences) == 1 && secret.OwnerReferences[0].Kind == "ConfigMap" {
				copies++
			}
		}
		if copies == wanted {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d copies instead of %d", copies, wanted)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// A revision that never was: a client must be told, not left waiting.
func listFuture(ctx context.Context, config *rest.Config, namespace string) error {
	maps := kubernetes.NewForConfigOrDie(config).CoreV1().ConfigMaps(namespace)
	_, err := maps.List(ctx, metav1.ListOptions{ResourceVersion: "999999999", ResourceVersionMatch: "NotOlderThan"})
	if !errors.IsTimeout(err) || !errors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge) {
		return fmt.Errorf("a list of the future: %v", err)
	}
	return nil
}
