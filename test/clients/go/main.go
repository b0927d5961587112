// Rempart's API as a client-go program uses it. Prints one line "ok NAME" for each use that works, "failed NAME: why"
// for the others; clients.test.ts reads them. Usage: clients KUBECONFIG NAMESPACE.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// A use is one way to work with the API; all share the namespace, none the names of objects.
type use struct {
	name string
	run  func(ctx context.Context, config *rest.Config, namespace string) error
}

const timeLimit = 60 * time.Second

func main() {
	config, err := clientcmd.BuildConfigFromFlags("", os.Args[1])
	if err != nil {
		fmt.Println("failed kubeconfig:", err)
		os.Exit(1)
	}
	config.QPS = -1
	failed := false
	for _, use := range uses {
		ctx, cancel := context.WithTimeout(context.Background(), timeLimit)
		if err := use.run(ctx, rest.CopyConfig(config), os.Args[2]); err != nil {
			fmt.Printf("failed %s: %v\n", use.name, err)
			failed = true
		} else {
			fmt.Println("ok", use.name)
		}
		cancel()
	}
	if failed {
		os.Exit(1)
	}
}

var uses = []use{
	{"discovery, aggregated and not", discoverBoth},
	{"REST mapper", mapKinds},
	{"typed client in protobuf", typedProtobuf},
	{"pagination", paginate},
	{"dynamic client", dynamicObjects},
	{"retry on conflict", retryConflict},
	{"server-side apply", applyTyped},
	{"shared informers with watch lists", shareInformers},
	{"metadata informer", informMetadata},
	{"leader election", electLeader},
	{"reconcile loop", reconcileLoop},
	{"revision of the future", listFuture},
}
