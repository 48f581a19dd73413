package main

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	redoubtv1 "github.com/redoubt-wal/redoubt/api/v1"
)

// A session is one look at the API server.
type session struct {
	client    client.Client
	rest      *rest.Config
	namespace string
}

func connect(flags *genericclioptions.ConfigFlags) (*session, error) {
	config, err := flags.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	namespace, _, err := flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	if err := redoubtv1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, err
	}
	return &session{c, config, namespace}, nil
}

// cluster reads one WALCluster; when it is not there the error names those that are.
func (s *session) cluster(ctx context.Context, name string) (*redoubtv1.WALCluster, error) {
	var c redoubtv1.WALCluster
	err := s.client.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: name}, &c)
	if !apierrors.IsNotFound(err) {
		return &c, err
	}
	var all redoubtv1.WALClusterList
	if listErr := s.client.List(ctx, &all, client.InNamespace(s.namespace)); listErr != nil {
		return nil, fmt.Errorf("there is no WALCluster %q in namespace %q; which others there are is not known: %w", name, s.namespace, listErr)
	}
	if len(all.Items) == 0 {
		return nil, fmt.Errorf("there is no WALCluster %q in namespace %q, nor any other", name, s.namespace)
	}
	var names []string
	for i := range all.Items {
		names = append(names, all.Items[i].Name)
	}
	return nil, fmt.Errorf("there is no WALCluster %q in namespace %q; there are: %s", name, s.namespace, strings.Join(names, ", "))
}
