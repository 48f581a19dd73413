package main

import (
	"context"
	"os"
	_ "time/tzdata" // CronJobs name time zones

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	_ "k8s.io/component-base/logs/json/register"          // --logging-format=json
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // client metrics
	_ "k8s.io/component-base/metrics/prometheus/version"  // the version metric
	apiserverapp "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllerapp "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxyapp "k8s.io/kubernetes/cmd/kube-proxy/app"
	schedulerapp "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubeletapp "k8s.io/kubernetes/cmd/kubelet/app"

	kubectlcmd "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
)

func apiServer()         { serve(apiserverapp.NewAPIServerCommand()) }
func controllerManager() { serve(controllerapp.NewControllerManagerCommand()) }
func proxy()             { serve(proxyapp.NewProxyCommand()) }
func scheduler()         { serve(schedulerapp.NewSchedulerCommand()) }
func kubelet()           { serve(kubeletapp.NewKubeletCommand(context.Background())) }

func serve(command *cobra.Command) { os.Exit(cli.Run(command)) }

func kubectl() {
	// As in kubectl's own main: -v must count before flags are parsed.
	_, _ = logs.GlogSetter(kubectlcmd.GetLogVerbosity(os.Args))
	if err := cli.RunNoErrOutput(kubectlcmd.NewDefaultKubectlCommand()); err != nil {
		kubectlutil.CheckErr(err)
	}
}
